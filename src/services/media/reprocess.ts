import type { Ctx } from '../../context.ts';
import { type Base, type Entity, entities } from '../../data/entity.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { kindOf, SETTLED } from '../../models/media/media-fields.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import { enqueue, type NewJob } from '../jobs/queue.ts';
import type { Medium } from './keys.ts';

/** Every entity that has uploaded bytes: the kinds of media, and their versions. */
export function mediaEntities(): Entity[] {
  return [...entities.values()].filter((e) => isMedia(e) || isVersion(e));
}

/** Whether it is a kind of medium. */
export function isMedia(entity: Entity): boolean {
  return kindOf(entity) !== undefined;
}

export function isVersion(entity: Entity): boolean {
  return entity.name === MediumVersion.name;
}

/**
 * The job that processes the bytes with this ETag, under an id that their medium is to hold as `object.job`:
 * no other job may say how its processing ends.
 */
export function processingJob(
  ctx: Ctx,
  entity: Entity,
  medium: Medium,
  etag: string,
): NewJob & { _id: UUID } {
  const kind = isVersion(entity) ? medium.kind : kindOf(entity);
  if (!kind) throw new Error(`${entity.name} has no bytes to process.`);
  return {
    _id: newId(ctx.clock()),
    // process-track, process-audio, process-video, process-image
    type: `process-${kind.toLowerCase()}`,
    input: { entity: entity.name, document: medium._id, etag },
    user: medium.user as UUID,
    ...(medium.project && { project: medium.project }),
  };
}

/** Has the bytes of a READY or FAILED medium looked at once more. @throws AppError INVALID_STATE */
export async function reprocess<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  medium: Medium,
): Promise<{ document: T; job: UUID }> {
  return transaction(ctx, async (tx) => {
    const ended = {
      _id: medium._id,
      status: { $in: SETTLED },
      filePath: medium.filePath,
    };
    // As it was read: bytes that were replaced meanwhile have another.
    const etag = medium.object?.etag;
    const job = etag ? processingJob(tx, entity, medium, etag) : null;
    const set = { status: 'PROCESSING', progress: 0, 'object.job': job?._id };
    const document =
      job && (await update(tx, entity, ended, { set, unset: ['error'] }, 'reprocess'));
    if (!document) throw new AppError('INVALID_STATE', 'It is not READY or FAILED.');
    return { document, job: (await enqueue(tx, job))._id };
  });
}
