import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';

// A job may start others and wait for their end, by looking at them. They are no children: each has a document
// that waits for it, may be cancelled by itself, and takes nobody along when it fails.

/** The most jobs that one starts. */
const MOST_STARTED = 1000;

/** The jobs that a job has started. */
export function findStarted(ctx: Ctx, _id: UUID, more: object = {}): Promise<JobDoc[]> {
  const those = { startedBy: idText(_id), ...more };
  return findMany(ctx, Job, those, { limit: MOST_STARTED });
}
