import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { type Base, entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import type { Leftovers } from '../../data/remove.ts';
import { ComfyUIWorkflowExecution } from '../../models/generation/comfyui/workflow-execution.ts';
import { Job, type JobDoc, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { releaseHold } from '../billing/holds.ts';
import type { ExecutionDoc } from '../generation/comfyui/open-run.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { BEHIND_USERS, enqueue } from '../jobs/queue.ts';
import { freeAfterCommit } from '../metering/allowances/free.ts';

/**
 * What a sweep is told: documents that are gone, folders in S3 that nobody needs any longer, and media of runs that
 * were given up.
 */
export interface SweepInput extends Leftovers {
  folders?: string[];
  media?: UUID[];
}

/** Deletes behind removed documents what they left: children after a crash, and objects in S3. */
export const sweep: JobType<SweepInput, { swept: number }> = {
  name: 'sweep',
  input: Joi.object({
    entity: Joi.string().required(),
    documents: Joi.array()
      .items(Joi.object({ id: idInput().required(), objects: Joi.array().items(Joi.string()) }))
      .required(),
    folders: Joi.array().items(Joi.string()),
    media: Joi.array().items(idInput()),
  }),
  attempts: 10,
  queue: 'upkeep',
  run: async (work) => (await import('./sweep-leftovers.ts')).runSweep(work, enqueueSweep),
};

/**
 * Enqueues the sweep behind a removal, in its transaction, and gives back what the documents took of their
 * owners' allowances. Returns the job's id.
 */
export async function enqueueSweep(
  tx: Ctx,
  { entity, documents }: Leftovers,
  freed: Base[] = [],
): Promise<UUID> {
  freeAfterCommit(tx, entityNamed(entity), freed);
  if (entity === Job.name) await releaseRemoved(tx, freed as JobDoc[]);
  const media = entity === ComfyUIWorkflowExecution.name ? await endRuns(tx, freed) : [];
  const input = { entity, documents, ...(media.length > 0 && { media }) };
  const job = await enqueue(tx, sweep, { input, priority: BEHIND_USERS });
  return job._id;
}

/** An execution that is removed ends: at its pod it is stopped. Its media so far are nobody's. */
async function endRuns(tx: Ctx, freed: Base[]): Promise<UUID[]> {
  if (freed.length === 0) return [];
  const { stopRemoved } = await import('../generation/comfyui/stop-removed.ts');
  return stopRemoved(tx, freed as ExecutionDoc[]);
}

/** A job that is removed ends: what it still holds is released. */
async function releaseRemoved(tx: Ctx, jobs: JobDoc[]): Promise<void> {
  for (const { _id, quote, status } of jobs) {
    if (quote && OPEN_STATUSES.includes(status)) await releaseHold(tx, _id);
  }
}
