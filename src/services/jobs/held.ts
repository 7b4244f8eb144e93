import type { JobDoc } from '../../models/jobs/job.ts';

/** What a job has no more when a run of it has failed: it queues anew. */
export const GIVEN_BACK = ['slots', 'waitsForLimit', 'turn', 'secondsLeft', 'rate'];
/** What it has no more when it has ended. */
export const GIVEN_UP = [...GIVEN_BACK, 'openKey', 'pending'];

/** A job in the hands of one worker: every write shows the token, those of a stale worker are refused. */
export interface Claim {
  job: JobDoc;
  token: number;
}

/** The filter under which a worker may write about its job. */
export function isHeld({ job, token }: Claim) {
  return { _id: job._id, status: 'RUNNING', 'lease.token': token };
}
