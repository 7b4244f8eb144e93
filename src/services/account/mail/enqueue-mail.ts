import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { transaction } from '../../../data/transaction.ts';
import { insert } from '../../../data/write.ts';
import { Mail, type MailKind } from '../../../models/account/mail.ts';
import type { JobDoc } from '../../../models/jobs/job.ts';
import { enqueue, ringJobs } from '../../jobs/queue.ts';
import { sendMailJob } from './send-job.ts';

/** What somebody waits for comes before the media of others. */
export const AWAITED = 8;
/** The account can be used without it. */
const UNHURRIED = 4;

const DAY = 24 * 3600_000;

/** What a template shows beside what is always the same, or its sending needs. */
export interface MailDetails {
  /** When it happened. */
  at?: Date;
  ip?: string | undefined;
  /** In our words: no text of a stranger gets into a mail. */
  device?: string;
  /** That of the account when the mail was asked for. */
  credentialsVersion?: number;
}

export interface NewMail {
  kind: MailKind;
  to: string;
  /** Whose account it is about; unknown to who asks for a reset of the password. */
  user?: UUID;
  details?: MailDetails;
  priority?: number;
}

/** Writes a mail and its job, in the caller's transaction. Returns the job, to ring for after the commit. */
export async function enqueueMail(tx: Ctx, mail: NewMail): Promise<Pick<JobDoc, '_id' | 'queue'>> {
  const { priority = UNHURRIED, ...values } = mail;
  const stored = await insert(tx, Mail, { ...values }, 'create', { expiresAt: DAY });
  return enqueue(tx, sendMailJob, { input: { mail: stored._id }, priority });
}

/** The same in a transaction of its own. */
export async function postMail(ctx: Ctx, mail: NewMail): Promise<void> {
  // A request that is tried again after a crash sends another mail: the id promised to it is not taken.
  const own = { ...ctx, promisedId: undefined };
  await ringJobs(ctx, await transaction(own, (tx) => enqueueMail(tx, mail)));
}
