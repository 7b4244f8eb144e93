import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { abort, type OpenUpload, openUploads } from '../../providers/multipart.ts';
import { parseOriginalKey } from '../media/keys.ts';
import { listMediaEntities, type Medium } from '../media/medium.ts';

/** How long an upload may be in S3 before its document has to know of it, in ms. */
const GRACE = 3600 * 1000;

/**
 * Ends uploads in parts that no medium awaits, and those of workers that are long gone: a crash leaves them,
 * and S3 keeps parts for ever. Goes by S3's own list. Returns how many it ended.
 */
export async function abortOrphanedUploads(ctx: Ctx): Promise<number> {
  const before = ctx.clock() - GRACE;
  let ended = 0;
  for await (const page of openUploads('media/')) {
    const old = page.filter(({ initiated }) => initiated.getTime() < before);
    // What is no original is a derivative: no worker lives as long as this.
    const orphans = old.filter(({ key }) => !parseOriginalKey(key));
    for (const entity of listMediaEntities())
      orphans.push(...(await orphansAmong(ctx, entity, old)));
    for (const { key, uploadId } of orphans) if (await abort(key, uploadId)) ended++;
  }
  if (ended > 0) ctx.log.warn('Uploads without a document were ended.', { n: ended });
  return ended;
}

async function orphansAmong(
  ctx: Ctx,
  entity: Entity<Medium>,
  open: OpenUpload[],
): Promise<OpenUpload[]> {
  const placed = open.flatMap((upload) => {
    const place = parseOriginalKey(upload.key);
    return place?.collection === entity.collectionName ? [{ upload, id: place.id }] : [];
  });
  if (placed.length === 0) return [];
  const awaited = await uploadIdsOf(
    ctx,
    entity,
    placed.map((p) => p.id),
  );
  return placed
    .filter(({ upload, id }) => awaited.get(idText(id)) !== upload.uploadId)
    .map(({ upload }) => upload);
}

async function uploadIdsOf(
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
