import type { UUID } from '../../../data/ids.ts';
import { AppError } from '../../../errors.ts';
import { Job } from '../../../models/jobs/job.ts';
import { JobFailure, type Work } from '../../jobs/job-type.ts';
import { takeAllowance } from './counter.ts';

/** What a job may not have for want of an allowance ends it, and is told. @throws JobFailure */
export async function failWithoutAllowance<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ALLOWANCE_EXCEEDED') throw error;
    throw new JobFailure('ALLOWANCE_EXCEEDED', error.message);
  }
}

/**
 * Counts the minutes of a medium before it is decoded, once for each job however often that is tried.
 * @throws JobFailure ALLOWANCE_EXCEEDED
 */
export async function countMinutes(
  { ctx, job, token }: Pick<Work<object>, 'ctx' | 'job' | 'token'>,
  user: UUID,
  seconds = 0,
): Promise<void> {
  if (seconds <= 0 || job.minutes) return;
  const minutes = seconds / 60;
  await failWithoutAllowance(takeAllowance(ctx, user, { minutes }));
  const mine = { _id: job._id, 'lease.token': token };
  await Job.collection.updateOne(mine, { $set: { minutes } });
}
