import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import {
  abortMultipart,
  listParts,
  PARTS_PAGE,
  presignPart,
  type StoredPart,
  startMultipart,
} from '../../providers/multipart.ts';
import { headObject } from '../../providers/s3.ts';
import type { Medium } from '../media/medium.ts';
import { noteUpload } from './arrivals.ts';

/** A page of the parts of an upload: those that have arrived, and URLs for the others. */
export interface PartsPage {
  partSize: number;
  partCount: number;
  parts: { partNumber: number; size: number; url: string }[];
  uploaded: StoredPart[];
  /** The first part of the next page; null after the last part. */
  nextPart: number | null;
}

/**
 * Lists the parts from number `from` on: those that S3 has, and presigned URLs for the others.
 * Starts the multipart upload if there is none, or none any more.
 * @param urls the most URLs in one answer
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
    if (uploadId) await refuseIfArrived(ctx, medium);
    uploadId = await startUpload(ctx, entity, medium);
    there = { parts: [], isLast: true };
  }
  const { partSize, partCount } = getPartPlan(medium);
  const arrived = new Map(there.parts.map((part) => [part.partNumber, part]));
  const page: PartsPage = { partSize, partCount, parts: [], uploaded: [], nextPart: null };
  // The last part that one page of S3's list covers.
  const last = Math.min(partCount, from - 1 + PARTS_PAGE);
  let n = from;
  for (; n <= last && page.parts.length < urls; n++) {
    const part = arrived.get(n);
    const size = getPartSize(medium, n);
    if (part?.size === size) page.uploaded.push(part);
    else {
      const url = presignPart(filePath, uploadId as string, { partNumber: n, size }, seconds);
      page.parts.push({ partNumber: n, size, url });
    }
  }
  return { ...page, nextPart: n <= partCount ? n : null };
}

/**
 * Aborts a multipart upload: its parts are deleted, and the medium still awaits its upload.
 * @throws AppError NOT_FOUND, INVALID_STATE
 */
export async function abortParts(ctx: Ctx, entity: Entity<Medium>, medium: Medium): Promise<void> {
  if (medium.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();
  if (!medium.multipart) throw notMultipart();
  const { uploadId } = medium.multipart;
  if (!uploadId) throw notFound();
  if (!(await abortMultipart(medium.filePath, uploadId))) await refuseIfArrived(ctx, medium);
  const mine = { _id: medium._id, 'multipart.uploadId': uploadId };
  await update(
    ctx,
    entity,
    mine,
    { unset: ['multipart.uploadId', 'multipart.completing'] },
    'abort-upload',
  );
}

/** The error for a multipart call on a medium that is uploaded with a single PUT. */
export function notMultipart(): AppError {
  return new AppError('INVALID_STATE', 'This file is uploaded with one PUT, not in parts.');
}

/** The error for a medium that has its bytes. */
export function alreadyUploaded(): AppError {
  return new AppError('INVALID_STATE', 'The file was uploaded already.');
}

/**
 * Called when S3 does not know an upload: it may have been completed, and the event was lost.
 * @throws AppError INVALID_STATE if so
 */
async function refuseIfArrived(ctx: Ctx, { filePath }: Medium): Promise<void> {
  if (!(await headObject(filePath))) return;
  await noteUpload(ctx, { key: filePath, sequencer: '' });
  throw alreadyUploaded();
}

/**
 * Starts a multipart upload. Of concurrent requests one wins, and all use its upload. Returns its
 * id.
 */
async function startUpload(ctx: Ctx, entity: Entity<Medium>, medium: Medium): Promise<string> {
  const { _id, filePath, contentType, multipart } = medium;
  const mine = await startMultipart(filePath, contentType);
  // Without a new document version or audit entry, because clients do not see it. An upload that a
  // crash leaves here is aborted by `abortOrphanedUploads`.
  const known = { 'multipart.uploadId': multipart?.uploadId ?? null };
  const { matchedCount } = await entity.collection.updateOne(
    { _id, status: 'AWAITING_UPLOAD', ...known },
    { $set: { 'multipart.uploadId': mine } },
  );
  if (matchedCount > 0) return mine;
  await abortMultipart(filePath, mine);
  const projection = { status: 1, multipart: 1 };
  const now = await findOne(ctx, entity, { _id }, { projection });
  if (!now) throw notFound();
  if (now.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();
  if (!now.multipart?.uploadId) throw unknownUpload();
  return now.multipart.uploadId;
}

/** The size and number of the parts of a file. */
export function getPartPlan({ size, multipart }: Medium): { partSize: number; partCount: number } {
  const partSize = multipart?.partSize ?? size;
  return { partSize, partCount: Math.ceil(size / partSize) };
}

/** The size of a part in bytes: all are equal except the last. */
export function getPartSize(medium: Medium, partNumber: number): number {
  const { partSize } = getPartPlan(medium);
  return Math.min(partSize, medium.size - (partNumber - 1) * partSize);
}

/** The error for an upload that S3 does not know. */
export function unknownUpload(): AppError {
  const message = 'S3 does not know this upload any more: start again with POST …/upload.';
  return new AppError('INVALID_STATE', message);
}
