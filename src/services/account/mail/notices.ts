import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import { AppError } from '../../../errors.ts';
import type { MailKind } from '../../../models/account/mail.ts';
import { readNetwork, takeTry } from '../rate-limit.ts';
import type { UserDoc } from '../signed-in.ts';
import { describeDevice } from './device.ts';
import type { NewMail } from './enqueue-mail.ts';

/** No address, so that nothing could ever be sent to it. */
const NOBODY = 'nobody';

const ONE_A_DAY = { most: 1, windowMs: 24 * 3600_000 };

/** The mail that tells the owner of an account what was done to it, and from where. */
export function describeNotice(ctx: Ctx, kind: MailKind, user: UserDoc): NewMail {
  return { kind, to: user.email, user: user._id, details: describeCall(ctx) };
}

function describeCall(ctx: Ctx) {
  return { at: new Date(ctx.clock()), ip: ctx.ip, device: describeDevice(ctx.userAgent) };
}

/**
 * The same for what may happen often: one a day of a kind, and of new devices one of a kind of
 * device and a network. Undefined when it was sent already. By a name that nobody has a mail is made as
 * well, which its job sends to nobody: requests do the same, whether there is an account or not.
 */
export async function takeNotice(
  ctx: Ctx,
  kind: 'NEW_DEVICE' | 'ACCOUNT_LOCKED',
  whom: UserDoc | string,
): Promise<NewMail | undefined> {
  const [notice, name] =
    typeof whom === 'string'
      ? [{ kind, to: NOBODY, details: describeCall(ctx) }, whom]
      : [describeNotice(ctx, kind, whom), idText(whom._id)];
  const from = kind === 'NEW_DEVICE' ? [notice.details?.device, readNetwork(ctx.ip)] : [];
  try {
    await takeTry(ctx, `notice ${kind}`, [name, ...from].join('\n'), ONE_A_DAY);
    return notice;
  } catch (error) {
    if (error instanceof AppError && error.code === 'RATE_LIMITED') return undefined;
    throw error;
  }
}
