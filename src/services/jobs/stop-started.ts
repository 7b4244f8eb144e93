import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Job, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { cancelJob } from './control.ts';
import type { JobTypes, Work } from './job-type.ts';
import { findStarted } from './started.ts';
import type { StopStartedInput } from './stop-started-job.ts';

/** Cancels the jobs that one has started, unless that was started anew meanwhile. */
export async function runStopStarted(work: Work<StopStartedInput>): Promise<{ cancelled: number }> {
  const { ctx, input, signal, types } = work;
  const starter = await findOne(ctx, Job, { _id: input.job }, { projection: { status: 1 } });
  if (starter && OPEN_STATUSES.includes(starter.status)) return { cancelled: 0 };
  const { attempt, finish } = collectErrors();
  let cancelled = 0;
  for (const { _id } of await findStarted(ctx, input.job, { status: { $in: OPEN_STATUSES } })) {
    signal.throwIfAborted();
    if (await attempt(() => cancelOpen(ctx, types, _id))) cancelled++;
  }
  finish();
  return { cancelled };
}

async function cancelOpen(ctx: Ctx, types: JobTypes, _id: UUID): Promise<boolean> {
  try {
    await cancelJob(ctx, types, { _id });
    return true;
  } catch (error) {
    // It has ended meanwhile, or is gone.
    const isOver = error instanceof AppError && ['INVALID_STATE', 'NOT_FOUND'].includes(error.code);
    if (!isOver) throw error;
    return false;
  }
}
