import type { Ctx } from '../../context.ts';
import { entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { update } from '../../data/write.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { waitsFor } from '../media/keys.ts';
import { advanceWhole, endParts, failWhole } from './job-wholes.ts';

interface MediumInput {
  entity: string;
  document: UUID;
  /** Of the bytes that it is about. */
  etag: string;
}

/**
 * Says of what waited for this job, and for no other, that it will not come, in the transaction that ends the job: the medium is
 * FAILED, with the job's error. One that was READY before stays so, with what it has: the job tells why.
 * Of a stream its video says so. A job that does a part takes the whole with it, and a whole its parts.
 */
export async function settle(
  ctx: Ctx,
  job: JobDoc,
  { code, message }: { code: string; message: string },
): Promise<void> {
  if (job.parent) {
    const whole = await failWhole(ctx, job.parent, { code, message });
    if (whole) await settle(ctx, whole, { code, message });
    return;
  }
  await endParts(ctx, job);
  if (isOfStream(job)) await settleStream(ctx, job, { status: 'FAILED', error: { code, message } });
  const medium = mediumOf(job);
  if (!medium) return;
  const entity = entityNamed(medium.entity);
  const waiting = { _id: medium.document, ...waitsFor(job._id) };
  const kept = { set: { status: 'READY', progress: 100 } };
  const isThere = code !== 'MISSING_FILE';
  if (isThere && (await update(ctx, entity, { ...waiting, stands: true }, kept, 'keep'))) return;
  const set = { status: 'FAILED', error: { code, message } };
  // Those of a worker that was lost, if any.
  const unset = ['derivatives', 'derivativesPath', 'stands'];
  await update(ctx, entity, waiting, { set, unset }, 'fail');
}

/** The reverse, when a job is started anew; a medium with other bytes by now, or another job, has nothing to do with it. */
export async function resume(ctx: Ctx, job: JobDoc): Promise<void> {
  if (isOfStream(job)) await settleStream(ctx, job, { status: 'PENDING' });
  const medium = mediumOf(job);
  if (!medium) return;
  const ended = {
    _id: medium.document,
    status: { $in: ['FAILED', 'READY'] },
    'object.etag': medium.etag,
  };
  const set = { status: 'PROCESSING', progress: 0, 'object.job': job._id };
  await update(ctx, entityNamed(medium.entity), ended, { set, unset: ['error'] }, 'reprocess');
}

/** Shows how far a job is on what waits for it, too; never backwards. */
export async function advance(job: JobDoc, progress: number): Promise<void> {
  const whole = job.parent ? await advanceWhole(job) : { job, progress };
  const medium = whole && mediumOf(whole.job);
  if (!medium) return;
  const { collection } = entityNamed(medium.entity);
  await collection.updateOne(
    { _id: medium.document, ...waitsFor(whole.job._id) },
    { $max: { progress: Math.floor(whole.progress) } },
  );
}

function mediumOf(job: Pick<JobDoc, 'type' | 'input'>): MediumInput | undefined {
  return job.type.startsWith('process-') ? (job.input as MediumInput) : undefined;
}

function isOfStream(job: JobDoc): boolean {
  return job.type === 'stream-video';
}

/** A stream that is there, or that another job makes by now, stays as it is. */
async function settleStream(ctx: Ctx, job: JobDoc, stream: object): Promise<void> {
  const { entity, document } = job.input as MediumInput;
  const mine = { _id: document, 'stream.job': job._id, 'stream.status': { $ne: 'READY' } };
  const set = { stream: { ...stream, job: job._id } };
  await update(ctx, entityNamed(entity), mine, { set }, 'stream');
}
