import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import {
  abort,
  begin,
  listParts,
  PARTS_PAGE,
  presignPart,
  type StoredPart,
} from '../../providers/multipart.ts';
import { head } from '../../providers/s3.ts';
import type { Medium } from '../media/medium.ts';
import { noteUpload } from './arrivals.ts';

/** A stretch of an upload in parts: what has arrived of it, and URLs for what has not. */
export interface PartsPage {
  partSize: number;
  partCount: number;
  parts: { partNumber: number; size: number; url: string }[];
  uploaded: StoredPart[];
  /** Where the next stretch begins; null after the last part. */
  nextPart: number | null;
}

/**
 * Where to send the parts from number `from` on, and which of them S3 has already. Begins the upload where
 * there is none, or none any more. @param urls the most URLs of an answer
 * @throws AppError INVALID_STATE when the bytes have arrived
 */
export async function openParts(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  { from, urls, seconds }: { from: number; urls: number; seconds: number },
): Promise<PartsPage> {
  const { filePath } = medium;
  let uploadId = medium.multipart?.uploadId;
  let there = uploadId ? await listParts(filePath, uploadId, from - 1) : null;
  if (!there) {
    if (uploadId) await refuseArrived(ctx, medium);
    uploadId = await start(ctx, entity, medium);
    there = { parts: [], isLast: true };
  }
  const { partSize, partCount } = planOf(medium);
  const arrived = new Map(there.parts.map((part) => [part.partNumber, part]));
  const page: PartsPage = { partSize, partCount, parts: [], uploaded: [], nextPart: null };
  // What one page of S3's list has told of.
  const last = Math.min(partCount, from - 1 + PARTS_PAGE);
  let n = from;
  for (; n <= last && page.parts.length < urls; n++) {
    const part = arrived.get(n);
    const size = sizeOf(medium, n);
    if (part?.size === size) page.uploaded.push(part);
    else {
      const url = presignPart(filePath, uploadId as string, { partNumber: n, size }, seconds);
      page.parts.push({ partNumber: n, size, url });
    }
  }
  return { ...page, nextPart: n <= partCount ? n : null };
}

/** Ends an upload in parts: what has arrived is gone, and the medium awaits its bytes as before. @throws AppError NOT_FOUND, INVALID_STATE */
export async function abortParts(ctx: Ctx, entity: Entity<Medium>, medium: Medium): Promise<void> {
  if (medium.status !== 'AWAITING_UPLOAD') throw arrivedAlready();
  if (!medium.multipart) throw sentAtOnce();
  const { uploadId } = medium.multipart;
  if (!uploadId) throw notFound();
  if (!(await abort(medium.filePath, uploadId))) await refuseArrived(ctx, medium);
  const mine = { _id: medium._id, 'multipart.uploadId': uploadId };
  await update(
    ctx,
    entity,
    mine,
    { unset: ['multipart.uploadId', 'multipart.completing'] },
    'abort-upload',
  );
}

/** What a client hears who takes one PUT for an upload in parts. */
export function sentAtOnce(): AppError {
  return new AppError('INVALID_STATE', 'It is sent in one PUT, not in parts.');
}

/** What a client hears whose medium has its bytes. */
export function arrivedAlready(): AppError {
  return new AppError('INVALID_STATE', 'Its bytes have arrived already.');
}

/** S3 knows no such upload: because it was completed, and nobody told of it? @throws AppError INVALID_STATE if so */
async function refuseArrived(ctx: Ctx, { filePath }: Medium): Promise<void> {
  if (!(await head(filePath))) return;
  await noteUpload(ctx, { key: filePath, sequencer: '' });
  throw arrivedAlready();
}

/** Of several who begin at once one wins, and all use its upload. Returns its id. */
async function start(ctx: Ctx, entity: Entity<Medium>, medium: Medium): Promise<string> {
  const { _id, filePath, contentType, multipart } = medium;
  const mine = await begin(filePath, contentType);
  // Not a version of the document: nobody sees it. What a crash leaves here, the sweep of S3's list ends.
  const known = { 'multipart.uploadId': multipart?.uploadId ?? null };
  const { matchedCount } = await entity.collection.updateOne(
    { _id, status: 'AWAITING_UPLOAD', ...known },
    { $set: { 'multipart.uploadId': mine } },
  );
  if (matchedCount > 0) return mine;
  await abort(filePath, mine);
  const projection = { status: 1, multipart: 1 };
  const now = await findOne(ctx, entity, { _id }, { projection });
  if (!now) throw notFound();
  if (now.status !== 'AWAITING_UPLOAD') throw arrivedAlready();
  if (!now.multipart?.uploadId) throw unknownUpload();
  return now.multipart.uploadId;
}

/** How a file is cut. */
export function planOf({ size, multipart }: Medium): { partSize: number; partCount: number } {
  const partSize = multipart?.partSize ?? size;
  return { partSize, partCount: Math.ceil(size / partSize) };
}

/** How many bytes a part has: all the same but the last. */
export function sizeOf(medium: Medium, partNumber: number): number {
  const { partSize } = planOf(medium);
  return Math.min(partSize, medium.size - (partNumber - 1) * partSize);
}

/** What a client hears who goes on with what is no longer there. */
export function unknownUpload(): AppError {
  const message = 'S3 knows no such upload any more: begin it anew by POST …/upload.';
  return new AppError('INVALID_STATE', message);
}
