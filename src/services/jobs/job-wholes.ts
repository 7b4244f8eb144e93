import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';

/** The shares of the whole that its parts are, in percent: from here to there. */
const [FROM, TO] = [20, 95];
/** After so long every worker has heard that its job has ended, in ms: longer than a lease. */
const NOTICED = 30_000;

/** A job whose part has failed, fails with it. Null when it has ended already. */
export async function failWhole(
  ctx: Ctx,
  _id: UUID,
  error: { code: string; message: string },
): Promise<JobDoc | null> {
  const open = { _id, status: { $in: ['QUEUED', 'RUNNING'] }, parts: { $exists: true } };
  const completedAt = new Date(ctx.clock());
  const set = { status: 'FAILED', error: { ...error, retryable: false }, completedAt };
  return update(ctx, Job, open, { set }, 'fail');
}

/** Cancels what is left of the parts of a job that has ended, and has what they made deleted. */
export async function endParts(ctx: Ctx, { _id }: Pick<JobDoc, '_id'>): Promise<void> {
  const whole = await findOne(ctx, Job, { _id }, { projection: { parts: 1 } });
  if (!whole?.parts) return;
  const { target, folder } = whole.parts;
  const now = ctx.clock();
  const set = { status: 'CANCELLED', completedAt: new Date(now) };
  const part = { parent: _id, status: { $in: ['QUEUED', 'RUNNING'] } };
  while (await update(ctx, Job, part, { set }, 'cancel'));
  await insert(ctx, Job, {
    type: 'sweep',
    input: { entity: 'Video', documents: [], folders: [`${target}/`, folder] },
    maxAttempts: 10,
    runAfter: new Date(now + NOTICED),
  });
}

/** Shows on the whole how far its parts are; undefined where it no longer waits for them. */
export async function advanceWhole(
  part: JobDoc,
): Promise<{ job: Pick<JobDoc, '_id' | 'type' | 'input'>; progress: number } | undefined> {
  const target = (part.input as { target?: string }).target;
  const siblings = { parent: part.parent, 'input.target': target };
  const mean = { $group: { _id: null, mean: { $avg: '$progress' } } };
  const [parts] = await Job.collection.aggregate([{ $match: siblings }, mean]).toArray();
  const progress = FROM + ((TO - FROM) * ((parts?.mean as number | undefined) ?? 0)) / 100;
  const whole = await Job.collection.findOneAndUpdate(
    { _id: part.parent as UUID, status: 'QUEUED', 'parts.target': target },
    { $max: { progress: Math.floor(progress) } },
    { projection: { type: 1, input: 1 } },
  );
  return whole ? { job: whole as unknown as JobDoc, progress } : undefined;
}
