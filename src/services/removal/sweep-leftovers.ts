import { entityNamed } from '../../data/entity.ts';
import { type EnqueueSweep, sweepChildren } from '../../data/remove.ts';
import { abortUploadsUnder } from '../../providers/multipart.ts';
import { deleteUnder } from '../../providers/s3.ts';
import type { Work } from '../jobs/job-type.ts';
import { ringJobs } from '../jobs/queue.ts';
import { discardMedia } from './discard-media.ts';
import type { SweepInput } from './sweep-job.ts';

/** Sweeps the children of each document, then its objects, whole or in parts. May run any number of times. */
export async function runSweep(
  work: Work<SweepInput>,
  enqueueSweep: EnqueueSweep,
): Promise<{ swept: number }> {
  const { ctx, input, signal, progress } = work;
  const entity = entityNamed(input.entity);
  for (const [i, { id, objects = [] }] of input.documents.entries()) {
    signal.throwIfAborted();
    const swept = await sweepChildren(ctx, entity, id, enqueueSweep);
    for (const job of swept) await ringJobs(ctx, job);
    for (const place of objects) {
      await abortUploadsUnder(place);
      await deleteUnder(place);
    }
    progress((100 * i) / input.documents.length);
  }
  await discardMedia(ctx, input.media ?? [], enqueueSweep);
  for (const folder of input.folders ?? []) await deleteUnder(folder);
  return { swept: input.documents.length };
}
