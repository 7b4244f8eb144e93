import type { Ctx } from '../../../context.ts';
import { entityNamed } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { removeAndSweep } from '../../removal/remove-and-sweep.ts';
import { MEDIA, type PlannedFile } from './output-kinds.ts';

/** As many as one run can have. */
const MOST = 100;

/**
 * Removes the media that earlier tries of a job have left: the try that has ended brings all of them anew, and
 * those before were not paid for. One that is in use by now stays.
 */
export async function discardFormer(ctx: Ctx, job: UUID, files: PlannedFile[]): Promise<void> {
  const [first] = files
    .map(({ medium }) => medium)
    .toSorted((a, b) => (idText(a) < idText(b) ? -1 : 1));
  if (!first) return;
  // By their time, which their ids begin with: a worker that comes too late spares those of a later try.
  const former = { generatedBy: job, _id: { $lt: first } };
  for (const name of new Set(Object.values(MEDIA).map(({ entity }) => entity))) {
    const entity = entityNamed(name);
    const options = { projection: { _id: 1 }, limit: MOST };
    for (const { _id } of await findMany(ctx, entity, former, options)) {
      try {
        await removeAndSweep(ctx, entity, { _id, generatedBy: job });
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'IN_USE')) throw error;
        ctx.log.info('A medium of an earlier try is in use.', { medium: _id.toString() });
      }
    }
  }
}
