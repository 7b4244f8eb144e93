import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { copy } from '../../providers/copy.ts';
import { head } from '../../providers/s3.ts';
import { complete, enqueue, ringJobs } from '../jobs/queue.ts';
import { JobFailure, type JobType } from '../jobs/worker.ts';
import type { Medium } from '../media/keys.ts';
import { noteUpload } from './arrivals.ts';

interface Input {
  entity: string;
  document: UUID;
  from: UUID;
}

/** Another medium of this kind and owner that has the same bytes, by the checksum that was declared. */
export async function duplicateOf(
  ctx: Ctx,
  entity: Entity,
  { _id, user, checksum, size }: Medium,
): Promise<UUID | undefined> {
  if (!checksum) return undefined;
  const status = { $in: ['READY', 'PROCESSING'] };
  const same = { user, checksum, size, status, _id: { $ne: _id } };
  return (await findOne(ctx, entity, same, { projection: { _id: 1 } }))?._id;
}

/** Has the bytes of one medium copied to another within S3. Returns the job that does it. */
export async function reuse(ctx: Ctx, entity: Entity, to: Medium, from: UUID): Promise<UUID> {
  const input = { entity: entity.name, document: to._id, from };
  const { project } = to;
  const owned = { user: to.user as UUID, ...(project && { project }) };
  const { _id } = await enqueue(ctx, { type: 'copy-original', input, ...owned });
  await ringJobs(ctx, _id);
  return _id;
}

/**
 * Copies the original of a medium to another, whose upload it is: each document has objects of its own.
 * Where it cannot be done, the other still awaits its bytes, and a client can send them.
 */
export const copyOriginal: JobType = {
  async run({ ctx, claim, signal }) {
    const { entity: name, document, from } = claim.job.input as Input;
    const entity = entityNamed(name);
    const read = async (_id: UUID) =>
      (await findOne(
        ctx,
        entity,
        { _id, user: claim.job.user },
        WHOLE,
      )) as unknown as Medium | null;
    const target = await read(document);
    const isAwaited = target?.status === 'AWAITING_UPLOAD';
    if (isAwaited && !(await head(target.filePath))) {
      const source = await read(from);
      const etag = source?.object?.etag;
      const isCopied =
        source &&
        etag &&
        (await copy(
          {
            from: { key: source.filePath, etag, size: source.size },
            to: { key: target.filePath, contentType: target.contentType },
          },
          signal,
        ));
      if (!isCopied) {
        const message = 'The file to copy is gone: send the bytes by POST …/upload.';
        throw new JobFailure('MISSING_FILE', message);
      }
    }
    if (isAwaited) await noteUpload(ctx, { key: target.filePath, sequencer: '' });
    await complete(ctx, claim, { superseded: !isAwaited });
  },
};

const WHOLE = { projection: { outbox: 0 } };
