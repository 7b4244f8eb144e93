import type { UUID } from '../../data/ids.ts';
import { SETTLED } from '../../models/media/media-fields.ts';
import type { Subject } from '../jobs/job-type.ts';
import { getMediumEntity } from './medium.ts';

/** The input of a processing job. */
export interface ProcessInput {
  /** The name of the medium's entity. */
  entity: string;
  document: UUID;
  /** ETag of the bytes to process. */
  etag: string;
}

/** Filter: a medium that waits for this job, or that was stored before `object.job` existed. */
export const buildWaitingFilter = (job: UUID) => ({
  status: 'PROCESSING',
  'object.job': { $in: [job, null] },
});

/** The same of the very medium, with the very bytes, that a job is about. */
export const buildInputFilter = ({ document, etag }: ProcessInput, job: UUID) => ({
  ...{ _id: document, 'object.etag': etag },
  ...buildWaitingFilter(job),
});

/**
 * The medium as the subject of its processing job. If the job fails, a medium that was READY before
 * is READY again, with its former facts and derivatives; any other is FAILED, with the error of the
 * job.
 */
export const mediumSubject: Subject<ProcessInput> = {
  at: ({ entity, document }) => ({ entity: getMediumEntity(entity), id: document }),
  waiting: buildWaitingFilter,
  progress: 'progress',
  failed: ({ code, message }) => [
    // Without its original a medium cannot stay READY.
    ...(code === 'MISSING_FILE' ? [] : [STAY_READY]),
    {
      set: { status: 'FAILED', error: { code, message } },
      // A worker that lost its lease may have published some.
      unset: ['derivatives', 'derivativesPath', 'stands'],
      action: 'fail',
    },
  ],
  resumed: (job, { etag }) => ({
    // With the ETag in the filter: a medium whose bytes were replaced no longer belongs to this
    // job.
    where: { status: { $in: SETTLED }, 'object.etag': etag },
    set: { status: 'PROCESSING', progress: 0, 'object.job': job },
    unset: ['error'],
    action: 'reprocess',
  }),
};

const STAY_READY = {
  where: { stands: true },
  set: { status: 'READY', progress: 100 },
  action: 'keep',
};
