import type { Ctx } from '../../../context.ts';
import { takeTry } from '../rate-limit.ts';

/** Mails that strangers can have sent to one address in an hour. */
const PER_ADDRESS = { most: 5, windowMs: 3600_000 };

/** Counts a mail that is asked for, whoever has the address, if anybody. @throws AppError RATE_LIMITED */
export async function limitMailsTo(ctx: Ctx, email: string): Promise<void> {
  await takeTry(ctx, 'mail-to', email, PER_ADDRESS);
}
