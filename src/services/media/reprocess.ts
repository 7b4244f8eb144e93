import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { SETTLED } from '../../models/media/media-fields.ts';
import type { Medium } from './medium.ts';
import { planProcessing } from './process-job.ts';

/**
 * Enqueues a job that processes a READY or FAILED medium again.
 * @param startedBy the job that waits for its end @throws AppError INVALID_STATE
 */
export async function reprocess<T extends Medium>(
  ctx: Ctx,
  entity: Entity<T>,
  medium: Medium,
  startedBy?: UUID,
): Promise<{ document: T; job: UUID }> {
  return transaction(ctx, async (tx) => {
    const { _id, filePath } = medium;
    // With the file path in the filter: if the bytes were replaced meanwhile, nothing matches.
    const settled = { _id, status: { $in: SETTLED }, filePath };
    const etag = medium.object?.etag;
    const job = etag ? planProcessing(tx, entity, medium, etag) : null;
    const set = { status: 'PROCESSING', progress: 0, 'object.job': job?.id };
    const change = { set, unset: ['error'] };
    const document = job && (await update(tx, entity, settled, change, 'reprocess'));
    if (!document) throw new AppError('INVALID_STATE', 'The medium is not READY or FAILED.');
    const how = { isAsked: 'id' in ctx.actor, ...(startedBy && { startedBy }) };
    return { document, job: (await job.enqueue(tx, how))._id };
  });
}
