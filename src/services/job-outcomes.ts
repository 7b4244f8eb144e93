import type { Ctx } from '../context.ts';
import { entityNamed } from '../data/entity.ts';
import type { UUID } from '../data/ids.ts';
import { update } from '../data/write.ts';
import type { JobDoc } from '../models/system/job.ts';

interface MediumInput {
  entity: string;
  document: UUID;
}

/**
 * Says of what waited for a job that it will not come: the medium is FAILED, with the job's error. In the
 * transaction that ends the job.
 */
export async function settle(
  ctx: Ctx,
  job: JobDoc,
  { code, message }: { code: string; message: string },
): Promise<void> {
  const medium = mediumOf(job);
  if (!medium) return;
  const waiting = { _id: medium.document, status: 'PROCESSING' };
  const set = { status: 'FAILED', error: { code, message } };
  await update(ctx, entityNamed(medium.entity), waiting, { set }, 'fail');
}

/** The reverse, when a job is started anew. */
export async function resume(ctx: Ctx, job: JobDoc): Promise<void> {
  const medium = mediumOf(job);
  if (!medium) return;
  const ended = { _id: medium.document, status: 'FAILED' };
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
