import { entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { sweepChildren } from '../../data/remove.ts';
import { abortUnder } from '../../providers/multipart.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { complete, ringJobs } from '../jobs/queue.ts';
import type { JobType } from '../jobs/worker.ts';

interface Input {
  entity: string;
  documents: { id: UUID; objects?: string[] }[];
  /** Of what was being made when its job ended. */
  folders?: string[];
}

/** Clears up behind deleted documents: children that a crash left, and the objects in S3, whole or in parts; and behind jobs that were ended. */
export const sweep: JobType = {
  async run({ ctx, claim, signal, progress }) {
    const input = claim.job.input as Input;
    const entity = entityNamed(input.entity);
    for (const [i, { id, objects = [] }] of input.documents.entries()) {
      signal.throwIfAborted();
      for (const job of await sweepChildren(ctx, entity, id)) await ringJobs(ctx, job);
      for (const place of objects) {
        await abortUnder(place);
        await deleteUnder(place);
      }
      progress((100 * i) / input.documents.length);
    }
    for (const folder of input.folders ?? []) await deleteUnder(folder);
    await complete(ctx, claim, { swept: input.documents.length });
  },
};
