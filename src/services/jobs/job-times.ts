import type { Ctx } from '../../context.ts';
import { type Fault, invalid } from '../../errors.ts';

/** When a client wants a job to run, in ISO 8601. */
interface AskedTimes {
  runAfter?: string;
  deadline?: string;
}

/** The longest that a job may wait for its time, in ms: 30 days. */
const LONGEST_WAIT = 30 * 24 * 3_600_000;

/** What is wrong with the times of a job. */
export function findTimeFaults(ctx: Ctx, asked: AskedTimes): Fault[] {
  const { now, start, end } = readMoments(ctx, asked);
  return [
    ...(start - now > LONGEST_WAIT ? [{ path: 'runAfter', message: 'is over 30 days away' }] : []),
    ...(end !== undefined && end <= Math.max(now, start)
      ? [{ path: 'deadline', message: 'must be later than now, and than runAfter' }]
      : []),
  ];
}

/** @throws AppError VALIDATION_FAILED */
export function readTimes(ctx: Ctx, asked: AskedTimes): { delay?: number; deadline?: Date } {
  const faults = findTimeFaults(ctx, asked);
  if (faults.length > 0) throw invalid(faults);
  const { now, start, end } = readMoments(ctx, asked);
  return {
    ...(start > now && { delay: (start - now) / 1000 }),
    ...(end !== undefined && { deadline: new Date(end) }),
  };
}

function readMoments(ctx: Ctx, { runAfter, deadline }: AskedTimes) {
  const now = ctx.clock();
  return {
    now,
    start: runAfter === undefined ? now : Date.parse(runAfter),
    end: deadline === undefined ? undefined : Date.parse(deadline),
  };
}
