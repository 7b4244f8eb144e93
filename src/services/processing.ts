import type { Ctx } from '../context.ts';
import { type Base, type Entity, entities } from '../data/entity.ts';
import type { UUID } from '../data/ids.ts';
import { transaction } from '../data/transaction.ts';
import { update } from '../data/write.ts';
import { AppError } from '../errors.ts';
import { MEDIA_KINDS, SETTLED } from '../models/studio/media-fields.ts';
import { MediumVersion } from '../models/studio/medium-version.ts';
import { enqueue, type NewJob } from './jobs.ts';
import type { Medium } from './media-keys.ts';

/** Every entity that has uploaded bytes: the kinds of media, and their versions. */
export function mediaEntities(): Entity[] {
  return [...entities.values()].filter((e) => isMedia(e) || isVersion(e));
}

/** Whether it is a kind of medium. */
export function isMedia(entity: Entity): boolean {
  return MEDIA_KINDS.some((kind) => kind === entity.name);
}

export function isVersion(entity: Entity): boolean {
  return entity.name === MediumVersion.name;
}

/** The job that processes the bytes with this ETag. */
export function processingJob(entity: Entity, medium: Medium, etag: string): NewJob {
  const kind = medium.kind && isVersion(entity) ? medium.kind : entity.name;
  return {
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
    const set = { status: 'PROCESSING', progress: 0 };
    const document = await update(tx, entity, ended, { set, unset: ['error'] }, 'reprocess');
    // As it was read: bytes that were replaced meanwhile have another.
    const etag = medium.object?.etag;
    if (!document || !etag) throw new AppError('INVALID_STATE', 'It is not READY or FAILED.');
    const job = await enqueue(tx, processingJob(entity, medium, etag));
    return { document, job: job._id };
  });
}
