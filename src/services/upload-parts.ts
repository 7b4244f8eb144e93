import { config } from '../config.ts';
import type { Ctx } from '../context.ts';
import type { Entity } from '../data/entity.ts';
import { findOne } from '../data/read.ts';
import { update } from '../data/write.ts';
import { AppError, type Fault, invalid, notFound } from '../errors.ts';
import {
  abort,
  allParts,
  begin,
  type Completion,
  complete,
  listParts,
  MOST_PARTS,
  PARTS_PAGE,
  presignPart,
  type StoredPart,
} from '../providers/multipart.ts';
import { head } from '../providers/s3.ts';
import type { Medium } from './media-keys.ts';
import { noteUpload } from './uploads.ts';

const MIB = 1024 * 1024;

/** A part as a client names it when it completes an upload. */
export type NamedPart = Pick<StoredPart, 'partNumber' | 'etag'>;

/** A stretch of an upload in parts: what has arrived of it, and URLs for what has not. */
export interface PartsPage {
  partSize: number;
  partCount: number;
  parts: { partNumber: number; size: number; url: string }[];
  uploaded: StoredPart[];
  /** Where the next stretch begins; null after the last part. */
  nextPart: number | null;
}

/** How large the parts of a file are: no file has more than S3 takes. Undefined where one PUT does. */
export function partSizeFor(size: number): number | undefined {
  if (size <= config.singlePutBytes) return undefined;
  return Math.max(config.partBytes, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/**
 * Where to send the parts from number `from` on, and which of them S3 has already. Begins the upload where
 * there is none, or none any more. @param urls the most URLs of an answer
 * @throws AppError INVALID_STATE when the bytes have arrived
 */
export async function openParts(
  ctx: Ctx,
  entity: Entity,
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

/**
 * Makes the file of its parts; the medium is PROCESSING then. Once that is so, says nothing more: an
 * answer may be lost, and S3's event may come first.
 * @throws AppError VALIDATION_FAILED naming the parts at fault, INVALID_STATE
 */
export async function completeParts(
  ctx: Ctx,
  entity: Entity,
  medium: Medium,
  given: NamedPart[],
): Promise<void> {
  if (!medium.multipart) {
    throw new AppError('INVALID_STATE', 'It is sent in one PUT, which needs no completion.');
  }
  if (medium.status !== 'AWAITING_UPLOAD') return;
  const { filePath, multipart } = medium;
  const { uploadId } = multipart;
  const there = uploadId ? await allParts(filePath, uploadId) : null;
  if (uploadId && there) {
    const faults = faultsOf(medium, given, there);
    if (faults.length > 0) throw invalid(faults);
    await settleCompletion(filePath, uploadId, await complete(filePath, uploadId, given));
  }
  await noteUpload(ctx, { key: filePath, sequencer: '' });
  const now = await findOne(ctx, entity, { _id: medium._id }, { projection: { status: 1 } });
  if (!now) throw notFound();
  if ((now as unknown as Medium).status === 'AWAITING_UPLOAD') throw unknownUpload();
}

/** Ends an upload in parts: what has arrived is gone, and the medium awaits its bytes as before. @throws AppError NOT_FOUND, INVALID_STATE */
export async function abortParts(ctx: Ctx, entity: Entity, medium: Medium): Promise<void> {
  if (medium.status !== 'AWAITING_UPLOAD') throw arrivedAlready();
  const uploadId = medium.multipart?.uploadId;
  if (!uploadId) throw notFound();
  if (!(await abort(medium.filePath, uploadId))) await refuseArrived(ctx, medium);
  const mine = { _id: medium._id, 'multipart.uploadId': uploadId };
  await update(ctx, entity, mine, { unset: ['multipart.uploadId'] }, 'abort-upload');
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
async function start(ctx: Ctx, entity: Entity, medium: Medium): Promise<string> {
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
  const now = (await findOne(ctx, entity, { _id }, { projection })) as unknown as Medium | null;
  if (!now) throw notFound();
  if (now.status !== 'AWAITING_UPLOAD') throw arrivedAlready();
  if (!now.multipart?.uploadId) throw unknownUpload();
  return now.multipart.uploadId;
}

function planOf({ size, multipart }: Medium): { partSize: number; partCount: number } {
  const partSize = multipart?.partSize ?? size;
  return { partSize, partCount: Math.ceil(size / partSize) };
}

/** How many bytes a part has: all the same but the last. */
function sizeOf(medium: Medium, partNumber: number): number {
  const { partSize } = planOf(medium);
  return Math.min(partSize, medium.size - (partNumber - 1) * partSize);
}

/** All that is wrong with the parts that a client names, against those that S3 has. */
function faultsOf(medium: Medium, given: NamedPart[], there: Map<number, StoredPart>): Fault[] {
  const { partCount } = planOf(medium);
  const faults: Fault[] = [];
  const named = new Set(given.map((part) => part.partNumber));
  let before = 0;
  for (const [i, { partNumber, etag }] of given.entries()) {
    const fault = (name: string, message: string) =>
      faults.push({ path: `parts.${i}.${name}`, message });
    const stored = there.get(partNumber);
    if (partNumber > partCount) fault('partNumber', `there are ${partCount} parts`);
    else if (partNumber <= before) fault('partNumber', 'parts come in ascending order, each once');
    else if (!stored) fault('partNumber', `part ${partNumber} has not arrived`);
    else if (stored.etag !== etag) fault('etag', `is not that of part ${partNumber} in S3`);
    else if (stored.size !== sizeOf(medium, partNumber)) {
      const sizes = `${stored.size} bytes, not ${sizeOf(medium, partNumber)}`;
      fault('partNumber', `part ${partNumber} has ${sizes}`);
    }
    before = Math.max(before, partNumber);
  }
  for (let n = 1; n <= partCount && faults.length < MOST_FAULTS; n++) {
    if (named.has(n)) continue;
    const what = there.has(n) ? 'is not named' : 'has not arrived';
    faults.push({ path: 'parts', message: `part ${n} ${what}` });
  }
  return faults.slice(0, MOST_FAULTS);
}

const MOST_FAULTS = 100;

/** S3 has the last word: a part may have been sent again since its list was read. */
async function settleCompletion(
  key: string,
  uploadId: string,
  completion: Completion,
): Promise<void> {
  switch (completion) {
    case 'InvalidPart':
      throw invalid([{ path: 'parts', message: 'one of them has been sent again meanwhile' }]);
    case 'InvalidPartOrder':
      throw invalid([{ path: 'parts', message: 'parts come in ascending order, each once' }]);
    case 'EntityTooSmall':
      throw invalid([{ path: 'parts', message: 'one of them is too small' }]);
    case 'PreconditionFailed':
      // The file is there, by another upload: the parts of this one are of no use.
      await abort(key, uploadId);
      return;
    default:
    // COMPLETED, or NoSuchUpload: somebody else has completed it. Whether the file is there shows next.
  }
}

function unknownUpload(): AppError {
  const message = 'S3 knows no such upload any more: begin it anew by POST …/upload.';
  return new AppError('INVALID_STATE', message);
}
