import type { Ctx } from '../context.ts';
import { entityNamed } from '../data/entity.ts';
import type { UUID } from '../data/ids.ts';
import { update } from '../data/write.ts';
import type { JobDoc } from '../models/system/job.ts';

interface MediumInput {
  entity: string;
  document: UUID;
  /** Of the bytes that it is about. */
  etag: string;
}

/**
 * Says of what waited for a job that it will not come, in the transaction that ends the job: the medium is
 * FAILED, with the job's error. One that was READY before stays so, with what it has: the job tells why.
 */
export async function settle(
  ctx: Ctx,
  job: JobDoc,
  { code, message }: { code: string; message: string },
): Promise<void> {
  const medium = mediumOf(job);
  if (!medium) return;
  const entity = entityNamed(medium.entity);
  const waiting = { _id: medium.document, status: 'PROCESSING' };
  const kept = { set: { status: 'READY', progress: 100 } };
  if (await update(ctx, entity, { ...waiting, stands: true }, kept, 'keep')) return;
  const set = { status: 'FAILED', error: { code, message } };
  // Those of a worker that was lost, if any.
  const unset = ['derivatives', 'derivativesPath'];
  await update(ctx, entity, waiting, { set, unset }, 'fail');
}

/** The reverse, when a job is started anew; a medium with other bytes by now has nothing to do with it. */
export async function resume(ctx: Ctx, job: JobDoc): Promise<void> {
  const medium = mediumOf(job);
  if (!medium) return;
  const ended = {
    _id: medium.document,
    status: { $in: ['FAILED', 'READY'] },
    'object.etag': medium.etag,
  };
  const set = { status: 'PROCESSING', progress: 0 };
  await update(ctx, entityNamed(medium.entity), ended, { set, unset: ['error'] }, 'reprocess');
}

/** Shows how far a job is on what waits for it, too; never backwards. */
export async function advance(job: JobDoc, progress: number): Promise<void> {
  const medium = mediumOf(job);
  if (!medium) return;
  const { collection } = entityNamed(medium.entity);
  await collection.updateOne(
    { _id: medium.document, status: 'PROCESSING' },
    { $max: { progress: Math.floor(progress) } },
  );
}

function mediumOf(job: JobDoc): MediumInput | undefined {
  return job.type.startsWith('process-') ? (job.input as MediumInput) : undefined;
}
