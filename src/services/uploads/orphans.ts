import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { abortMultipart, listOpenUploads, type OpenUpload } from '../../providers/multipart.ts';
import { parseOriginalKey } from '../media/keys.ts';
import { listMediaEntities, type Medium } from '../media/medium.ts';

/** How old an upload in S3 must be before it counts as orphaned, in ms. */
const GRACE_MS = 3600 * 1000;

/**
 * Aborts multipart uploads in S3's list that no medium awaits, and those of dead workers: a crash
 * leaves them behind, and S3 keeps their parts for ever. Returns how many it aborted.
 */
export async function abortOrphanedUploads(ctx: Ctx): Promise<number> {
  const before = ctx.clock() - GRACE_MS;
  let ended = 0;
  for await (const page of listOpenUploads('media/')) {
    const old = page.filter(({ initiated }) => initiated.getTime() < before);
    // Other keys are derivatives: no worker runs this long, so theirs are always orphaned.
    const orphans = old.filter(({ key }) => !parseOriginalKey(key));
    for (const entity of listMediaEntities())
      orphans.push(...(await findOrphans(ctx, entity, old)));
    for (const { key, uploadId } of orphans) if (await abortMultipart(key, uploadId)) ended++;
  }
  if (ended > 0) ctx.log.warn('Uploads without a document were aborted.', { n: ended });
  return ended;
}

async function findOrphans(
  ctx: Ctx,
  entity: Entity<Medium>,
  open: OpenUpload[],
): Promise<OpenUpload[]> {
  const placed = open.flatMap((upload) => {
    const place = parseOriginalKey(upload.key);
    return place?.collection === entity.collectionName ? [{ upload, id: place.id }] : [];
  });
  if (placed.length === 0) return [];
  const awaited = await findUploadIds(
    ctx,
    entity,
    placed.map((p) => p.id),
  );
  return placed
    .filter(({ upload, id }) => awaited.get(idText(id)) !== upload.uploadId)
    .map(({ upload }) => upload);
}

async function findUploadIds(
  ctx: Ctx,
  entity: Entity<Medium>,
  ids: UUID[],
): Promise<Map<string, string | null | undefined>> {
  const found = await findMany(
    ctx,
    entity,
    { _id: { $in: ids }, status: 'AWAITING_UPLOAD' },
    { projection: { multipart: 1 }, limit: ids.length },
  );
  return new Map(found.map(({ _id, multipart }) => [idText(_id), multipart?.uploadId]));
}
