import type { Base, Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import type { JobError, Subject } from './job-type.ts';

/** How the statuses of an entity with run fields are called; those of a job unless said otherwise. */
interface RunStatuses {
  queued: string;
  running: string;
  completed: string;
  failed: string;
  cancelled: string;
}

const STATUSES: RunStatuses = {
  queued: 'QUEUED',
  running: 'RUNNING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

/**
 * The subject of a job that carries out a document with run fields (`models/jobs/run-fields.ts`): its
 * status, times and error follow the job. The document's id stands in the input.
 */
export function runSubject<I extends { document: UUID }, R extends object = object>(
  entity: Entity<Base>,
  { statuses = {}, keep = () => ({}) }: RunSubjectOptions<R> = {},
): Subject<I, R> {
  const { queued, running, completed, failed, cancelled } = { ...STATUSES, ...statuses };
  return {
    at: ({ document }) => ({ entity, id: document }),
    waiting: (job) => ({ job, status: { $in: [queued, running] } }),
    started: (now) => ({ set: { status: running, startedAt: now }, action: 'start' }),
    completed: (result, now) => ({
      set: { ...keep(result), status: completed, completedAt: now },
      action: 'complete',
    }),
    failed: (error: JobError, now) => [
      {
        set: {
          status: error.code === 'CANCELLED' ? cancelled : failed,
          error: { code: error.code, message: error.message },
          completedAt: now,
        },
        action: error.code === 'CANCELLED' ? 'cancel' : 'fail',
      },
    ],
    resumed: (job) => ({
      where: { job, status: { $in: [failed, cancelled] } },
      set: { status: queued },
      unset: ['error', 'startedAt', 'completedAt'],
      action: 'retry',
    }),
  };
}

interface RunSubjectOptions<R> {
  statuses?: Partial<RunStatuses>;
  /** The fields of the document that hold the result. */
  keep?(result: R): Record<string, unknown>;
}
