import type { Ctx } from '../../../context.ts';
import { decryptUnlessGone } from '../../../data/encrypted-fields.ts';
import type { DocOf } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { Mail } from '../../../models/account/mail.ts';
import { User } from '../../../models/account/user.ts';
import { sendMail } from '../../../providers/mail.ts';
import type { Work } from '../../jobs/job-type.ts';
import { createMailToken } from '../mail-tokens.ts';
import { readPasswordHash } from '../read-password-hash.ts';
import { isStanding } from '../standing.ts';
import type { MailDetails } from './enqueue-mail.ts';
import { type MailFacts, renderMail } from './templates.ts';

/**
 * Sends a mail, and deletes it together with the completion of its job. Whether there is such an
 * account is looked up here, and not by the request: that takes as long for an address of nobody. Who was
 * forgotten is nobody.
 */
export async function runSend({ ctx, input, complete }: Work<{ mail: UUID }>): Promise<object> {
  const mail = await findOne(ctx, Mail, { _id: input.mail }, WHOLE);
  if (!mail) return {}; // it has waited for too long, or its account is gone
  const to = await decryptUnlessGone<string>(ctx, Mail, mail, 'to');
  const facts = to === undefined ? undefined : await gatherFacts(ctx, mail, to);
  if (to && facts) await sendMail({ id: idText(mail._id), to, ...renderMail(mail.kind, facts) });
  return complete(async (tx) => {
    await Mail.collection.deleteOne(
      { _id: mail._id },
      { ...(tx.session && { session: tx.session }) },
    );
    return {};
  });
}

type MailDoc = DocOf<typeof Mail>;

/** What the template shows, with a new token where it has one; undefined where there is nobody to write to. */
async function gatherFacts(ctx: Ctx, mail: MailDoc, to: string): Promise<MailFacts | undefined> {
  const details = (await decryptUnlessGone<MailDetails>(ctx, Mail, mail, 'details')) ?? {};
  const { kind, user: id } = mail;
  if (kind === 'RESET_PASSWORD') {
    const user = await findOne(ctx, User, { email: to, isActive: true }, WHOLE);
    if (!user || !(await readPasswordHash(ctx, user))) return undefined;
    return { token: await createMailToken(ctx, kind, user, to) };
  }
  // Of a name that nobody has, or an account that is suspended, the request had this mail made as well.
  if (kind === 'ACCOUNT_LOCKED') return id && (await isStanding(ctx, id)) ? details : undefined;
  if (kind !== 'VERIFY_EMAIL') return details;
  const user = await findOne(ctx, User, { _id: id, isActive: true }, WHOLE);
  // A mail to an address that was the account's when it was asked for, and is no longer, is not sent.
  const isOutdated = user?.email !== to && details.credentialsVersion === undefined;
  if (!user || isOutdated) return undefined;
  // Somebody else has this address: they get no mail, and who gave it learns nothing.
  const isTaken = user.email !== to && (await findOne(ctx, User, { email: to }));
  const { _id, credentialsVersion } = user;
  const asked = { _id, credentialsVersion: details.credentialsVersion ?? credentialsVersion };
  return isTaken ? undefined : { token: await createMailToken(ctx, kind, asked, to) };
}
