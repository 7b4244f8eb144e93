import { config } from '../config.ts';
import { presign } from './presign.ts';
import { addressOf, client, sdk, signing, UNHURRIED } from './s3.ts';

/** A part of an upload as S3 has it. */
export interface StoredPart {
  partNumber: number;
  etag: string;
  size: number;
}

/** The most parts of an upload, and of a page of their list. */
export const MOST_PARTS = 10_000;
export const PARTS_PAGE = 1000;

/** Begins an upload in parts, which S3 keeps until it is completed or aborted. Returns its id. */
export async function begin(key: string, contentType: string): Promise<string> {
  const { CreateMultipartUploadCommand } = await sdk();
  const { UploadId } = await (await client()).send(
    new CreateMultipartUploadCommand({
      Bucket: config.mediaBucket,
      Key: key,
      ContentType: contentType,
    }),
  );
  if (!UploadId) throw new Error('S3 began an upload without an id.');
  return UploadId;
}

/** A URL for one part of exactly this many bytes. */
export function presignPart(
  key: string,
  uploadId: string,
  part: { partNumber: number; size: number },
  seconds: number,
): string {
  const query = { partNumber: String(part.partNumber), uploadId };
  const headers = { 'content-length': String(part.size) };
  return presign({ method: 'PUT', ...addressOf(key), query, headers, ...signing(seconds) });
}

/** The parts that have arrived with numbers above `after`, at most a page; null when there is no such upload. */
export async function listParts(
  key: string,
  uploadId: string,
  after = 0,
): Promise<{ parts: StoredPart[]; isLast: boolean } | null> {
  const { ListPartsCommand } = await sdk();
  try {
    const page = await (await client()).send(
      new ListPartsCommand({
        ...upload(key, uploadId),
        PartNumberMarker: String(after),
        MaxParts: PARTS_PAGE,
      }),
    );
    const parts = (page.Parts ?? []).map(({ PartNumber = 0, ETag = '', Size = 0 }) => {
      return { partNumber: PartNumber, etag: bare(ETag), size: Size };
    });
    return { parts, isLast: !page.IsTruncated };
  } catch (error) {
    if (nameOf(error) === 'NoSuchUpload') return null;
    throw error;
  }
}

/** Every part that has arrived, by its number; null when there is no such upload. */
export async function allParts(
  key: string,
  uploadId: string,
): Promise<Map<number, StoredPart> | null> {
  const all = new Map<number, StoredPart>();
  for (let after = 0; ; ) {
    const page = await listParts(key, uploadId, after);
    if (!page) return null;
    for (const part of page.parts) all.set(part.partNumber, part);
    after = page.parts.at(-1)?.partNumber ?? 0;
    if (page.isLast || after === 0) return all;
  }
}

/** How S3 may take a completion: all of its refusals that are no fault of ours, by its own names. */
export type Completion =
  | 'COMPLETED'
  | 'NoSuchUpload'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'EntityTooSmall'
  /** There is an object of this key already: it is not overwritten. */
  | 'PreconditionFailed'
  /** Somebody else is making it just now. */
  | 'ConditionalRequestConflict';

const REFUSALS: readonly string[] = [
  ...['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall'],
  ...['PreconditionFailed', 'ConditionalRequestConflict'],
];

/**
 * Makes an object of its parts, which may take S3 minutes. The SDK throws, too, where S3 answers 200 with
 * an error in its body.
 */
export async function complete(
  key: string,
  uploadId: string,
  parts: Pick<StoredPart, 'partNumber' | 'etag'>[],
  abortSignal: AbortSignal,
): Promise<Completion> {
  const { CompleteMultipartUploadCommand } = await sdk();
  const Parts = parts.map(({ partNumber, etag }) => {
    return { PartNumber: partNumber, ETag: `"${etag}"` };
  });
  try {
    await (await client()).send(
      new CompleteMultipartUploadCommand({
        ...upload(key, uploadId),
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      }),
      { ...UNHURRIED, abortSignal },
    );
    return 'COMPLETED';
  } catch (error) {
    const name = nameOf(error);
    if (name && REFUSALS.includes(name)) return name as Completion;
    throw error;
  }
}

/** Ends an upload; its parts are gone. False when there is no such upload. */
export async function abort(key: string, uploadId: string): Promise<boolean> {
  const { AbortMultipartUploadCommand } = await sdk();
  try {
    await (await client()).send(new AbortMultipartUploadCommand(upload(key, uploadId)));
    return true;
  } catch (error) {
    if (nameOf(error) === 'NoSuchUpload') return false;
    throw error;
  }
}

/** An upload that has begun and not ended. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  initiated: Date;
}

/** The uploads in parts under a prefix that have not ended, in pages. */
export async function* openUploads(prefix: string): AsyncGenerator<OpenUpload[]> {
  const { ListMultipartUploadsCommand } = await sdk();
  let marker: { KeyMarker: string; UploadIdMarker?: string } | undefined;
  do {
    const page = await (await client()).send(
      new ListMultipartUploadsCommand({
        Bucket: config.mediaBucket,
        Prefix: prefix,
        MaxUploads: PARTS_PAGE,
        ...marker,
      }),
    );
    yield (page.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) =>
      Key && UploadId && Initiated ? [{ key: Key, uploadId: UploadId, initiated: Initiated }] : [],
    );
    const { NextKeyMarker, NextUploadIdMarker } = page;
    marker =
      page.IsTruncated && NextKeyMarker
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined;
  } while (marker);
}

/** Ends every upload in parts under a prefix. */
export async function abortUnder(prefix: string): Promise<void> {
  for await (const page of openUploads(prefix)) {
    for (const { key, uploadId } of page) await abort(key, uploadId);
  }
}

function upload(key: string, uploadId: string) {
  return { Bucket: config.mediaBucket, Key: key, UploadId: uploadId };
}

/** An ETag without its quotes. */
function bare(etag: string): string {
  return etag.replaceAll('"', '');
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
