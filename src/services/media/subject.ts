import type { UUID } from '../../data/ids.ts';
import { SETTLED } from '../../models/media/media-fields.ts';
import type { Subject } from '../jobs/job-type.ts';
import { mediumEntity } from './medium.ts';

/** The bytes of a medium that a job is about. */
export interface ProcessInput {
  /** The name of the medium's entity. */
  entity: string;
  document: UUID;
  /** Of the bytes that are to be looked at. */
  etag: string;
}

/** The filter of a medium that waits for this job. One of before that was recorded waits for any. */
export const waitsFor = (job: UUID) => ({
  status: 'PROCESSING',
  'object.job': { $in: [job, null] },
});

/**
 * A medium as the subject of the job that processes its bytes. When that fails, one that was READY before
 * stays READY with what it has; another is FAILED, with the job's error.
 */
export const mediumSubject: Subject<ProcessInput> = {
  at: ({ entity, document }) => ({ entity: mediumEntity(entity), id: document }),
  waiting: waitsFor,
  progress: 'progress',
  failed: ({ code, message }) => [
    // Of what it has, the file itself may be gone.
    ...(code === 'MISSING_FILE' ? [] : [KEPT]),
    {
      set: { status: 'FAILED', error: { code, message } },
      // Those of a worker that was lost, if any.
      unset: ['derivatives', 'derivativesPath', 'stands'],
      action: 'fail',
    },
  ],
  resumed: (job, { etag }) => ({
    // A medium with other bytes by now has nothing to do with this job.
    where: { status: { $in: SETTLED }, 'object.etag': etag },
    set: { status: 'PROCESSING', progress: 0, 'object.job': job },
    unset: ['error'],
    action: 'reprocess',
  }),
};

const KEPT = { where: { stands: true }, set: { status: 'READY', progress: 100 }, action: 'keep' };
