import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { endChildren, findFamily } from './family.ts';
import { GIVEN_UP } from './held.ts';
import { releaseQuote } from './hold.ts';
import type { JobType } from './job-type.ts';
import { failSubject } from './subject.ts';

/** Finds the job that has a unique key and has not ended. */
export function findOpen(ctx: Ctx, openKey: string): Promise<JobDoc | null> {
  return findOne(ctx, Job, { openKey });
}

/**
 * Cancels a job whose place a newer one takes, in the transaction that writes that. Those that wait for it
 * wait for the newer one instead, also those that are started anew later.
 */
export async function supersede(tx: Ctx, type: JobType, old: JobDoc, by: UUID): Promise<void> {
  const open = { _id: old._id, status: { $in: ['QUEUED', 'RUNNING'] } };
  const error = {
    code: 'CANCELLED',
    message: 'A newer job took its place.',
    retryable: false,
  };
  const ended = { status: 'CANCELLED', error, completedAt: new Date(tx.clock()) };
  const set = { ...ended, supersededBy: idText(by) };
  const cancelled = await update(tx, Job, open, { set, unset: GIVEN_UP }, 'cancel');
  if (!cancelled) return;
  await releaseQuote(tx, cancelled);
  const family = await findFamily(tx, old._id);
  if (family) await endChildren(tx, type, family);
  await type.abandoned?.(tx, cancelled, cancelled.input as object);
  await failSubject(tx, type, cancelled, error);
  await waitInstead(tx, idText(old._id), idText(by));
}

async function waitInstead(tx: Ctx, old: string, by: string): Promise<void> {
  const replaceIn = (input: string) => ({
    $map: { input, in: { $cond: [{ $eq: ['$$this', old] }, by, '$$this'] } },
  });
  // Only those that have not ended have a list of what they still wait for.
  const pending = { $cond: [{ $isArray: '$pending' }, replaceIn('$pending'), '$$REMOVE'] };
  const version = { $add: ['$version', 1] };
  await Job.collection.updateMany(
    { after: old },
    [{ $set: { after: replaceIn('$after'), pending, updatedAt: databaseTime(tx), version } }],
    { ...(tx.session && { session: tx.session }) },
  );
}
