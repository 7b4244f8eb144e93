import type { Ctx } from '../context.ts';
import { type Base, type Entity, entities, entityNamed } from '../data/entity.ts';
import type { UUID } from '../data/ids.ts';
import { transaction } from '../data/transaction.ts';
import { update } from '../data/write.ts';
import { AppError } from '../errors.ts';
import { MediumVersion } from '../models/studio/medium-version.ts';
import { enqueue, type NewJob } from './jobs.ts';
import type { Medium } from './media-keys.ts';

/** The type of job that looks at each kind of medium, by its collection. */
const JOBS: Record<string, string> = {
  tracks: 'process-track',
  audios: 'process-audio',
  images: 'process-image',
  videos: 'process-video',
};

/** Every entity that has uploaded bytes: the kinds of media, and their versions. */
export function mediaEntities(): Entity[] {
  return [...entities.values()].filter((e) => isMedia(e) || isVersion(e));
}

/** Whether it is a kind of medium. */
export function isMedia(entity: Entity): boolean {
  return entity.collectionName in JOBS;
}

export function isVersion(entity: Entity): boolean {
  return entity.name === MediumVersion.name;
}

/** The job that processes the bytes with this ETag. */
export function processingJob(entity: Entity, medium: Medium, etag: string): NewJob {
  const kind = medium.kind && isVersion(entity) ? entityNamed(medium.kind) : entity;
  const type = JOBS[kind.collectionName];
  if (!type) throw new Error(`No job processes ${kind.collectionName}.`);
  return {
    type,
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
      status: { $in: ['READY', 'FAILED'] },
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
