import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { BEHIND_USERS, enqueue } from '../jobs/queue.ts';
import { removeRefused } from './sessions.ts';

/** Removes the sessions of a user that are refused already. */
export const endSessions: JobType<{ user: UUID }> = {
  name: 'end-sessions',
  input: Joi.object({ user: idInput().required() }),
  attempts: 10,
  queue: 'upkeep',
  run: async ({ ctx, input, signal }) => {
    while (await removeRefused(ctx, input.user)) signal.throwIfAborted();
    return {};
  },
};

/**
 * Ends all sessions of a user at once, in the caller's transaction, by one write, however many there
 * are. A job removes them later. Returns the job's id.
 */
export async function denySessions(tx: Ctx, user: UUID): Promise<UUID> {
  const session = tx.session && { session: tx.session };
  const next = { $inc: { credentialsVersion: 1 } };
  await User.collection.updateOne({ _id: user }, next, { ...session });
  return enqueueEnd(tx, user);
}

/**
 * The same behind a write that has raised the version of the credentials by one; `keep` goes on.
 * @param account as it was before
 * @throws AppError UNAUTHENTICATED when `keep` counted for nothing already
 */
export async function denyOtherSessions(
  tx: Ctx,
  { _id: user, credentialsVersion }: { _id: UUID; credentialsVersion: number },
  keep: UUID,
): Promise<UUID> {
  const session = tx.session && { session: tx.session };
  const kept = { _id: keep, user, credentialsVersion };
  const next = { $inc: { credentialsVersion: 1 } };
  const { matchedCount } = await Session.collection.updateOne(kept, next, { ...session });
  if (matchedCount === 0) throw new AppError('UNAUTHENTICATED', 'The session has ended.');
  return enqueueEnd(tx, user);
}

async function enqueueEnd(tx: Ctx, user: UUID): Promise<UUID> {
  const job = await enqueue(tx, endSessions, { input: { user }, priority: BEHIND_USERS });
  return job._id;
}
