import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { copyObject } from '../../providers/copy.ts';
import { headObject } from '../../providers/s3.ts';
import { idInput } from '../jobs/input.ts';
import { JobFailure, type JobType } from '../jobs/job-type.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { getMediumEntity, type Medium } from '../media/medium.ts';
import { noteUpload } from './arrivals.ts';

interface CopyInput {
  entity: string;
  document: UUID;
  from: UUID;
}

/**
 * Finds another medium of this kind and owner with the same bytes, by declared checksum and size.
 */
export async function findDuplicate(
  ctx: Ctx,
  entity: Entity<Medium>,
  { _id, user, checksum, size }: Medium,
): Promise<UUID | undefined> {
  if (!checksum) return undefined;
  const status = { $in: ['READY', 'PROCESSING'] };
  const same = { user, checksum, size, status, _id: { $ne: _id } };
  return (await findOne(ctx, entity, same, { projection: { _id: 1 } }))?._id;
}

/** Enqueues a job that copies the bytes of one medium to another within S3. Returns its id. */
export async function reuseBytes(
  ctx: Ctx,
  entity: Entity<Medium>,
  to: Medium,
  from: UUID,
): Promise<UUID> {
  const { user, project } = to;
  const input = { entity: entity.name, document: to._id, from };
  const { _id } = await enqueue(ctx, copyOriginal, { input, user, project });
  await ringJobs(ctx, _id);
  return _id;
}

/**
 * Copies the original of a medium to another, in place of an upload: each document has objects of
 * its own. If that fails, the other medium still awaits its upload, and the client can send the
 * bytes.
 */
export const copyOriginal: JobType<CopyInput, { superseded: boolean }> = {
  name: 'copy-original',
  input: Joi.object<CopyInput>({
    entity: Joi.string().required(),
    document: idInput().required(),
    from: idInput().required(),
  }),
  queue: 'media',
  async run({ ctx, job, input, signal }) {
    const entity = getMediumEntity(input.entity);
    const read = (_id: UUID) => findOne(ctx, entity, { _id, user: job.user }, WHOLE);
    const target = await read(input.document);
    if (target?.status !== 'AWAITING_UPLOAD') return { superseded: true };
    if (!(await headObject(target.filePath))) {
      const source = await read(input.from);
      if (!source || !(await copyBytes(source, target, signal))) {
        const message = 'The file to copy is gone: upload the bytes with POST …/upload.';
        throw new JobFailure('MISSING_FILE', message);
      }
    }
    await noteUpload(ctx, { key: target.filePath, sequencer: '' });
    return { superseded: false };
  },
};

/** Copies within S3. False when the source no longer has these bytes. */
async function copyBytes(source: Medium, target: Medium, signal: AbortSignal): Promise<boolean> {
  const { filePath: key, size } = source;
  const etag = source.object?.etag;
  if (!etag) return false;
  const to = { key: target.filePath, contentType: target.contentType };
  return copyObject({ from: { key, etag, size }, to }, signal);
}
