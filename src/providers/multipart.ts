import { config } from '../config.ts';
import { presign } from './presign.ts';
import { getClient, loadSdk, SLOW_CALL } from './s3-client.ts';
import { getObjectUrl, getSigning } from './s3-links.ts';

/** A part of an upload as S3 has it. */
export interface StoredPart {
  partNumber: number;
  etag: string;
  size: number;
}

/** The most parts of an upload, and the page size of a list of them. */
export const MOST_PARTS = 10_000;
export const PARTS_PAGE = 1000;

/** Starts a multipart upload, which S3 keeps until it is completed or aborted. Returns its id. */
export async function startMultipart(key: string, contentType: string): Promise<string> {
  const { CreateMultipartUploadCommand } = await loadSdk();
  const { UploadId } = await (await getClient()).send(
    new CreateMultipartUploadCommand({
      Bucket: config.mediaBucket,
      Key: key,
      ContentType: contentType,
    }),
  );
  if (!UploadId) throw new Error('S3 started a multipart upload without an id.');
  return UploadId;
}

/** Presigns a URL to upload one part of exactly this size. */
export function presignPart(
  key: string,
  uploadId: string,
  part: { partNumber: number; size: number },
  seconds: number,
): string {
  const query = { partNumber: String(part.partNumber), uploadId };
  const headers = { 'content-length': String(part.size) };
  return presign({ method: 'PUT', ...getObjectUrl(key), query, headers, ...getSigning(seconds) });
}

/**
 * Lists a page of the parts that have arrived, with numbers above `after`; null for an unknown
 * upload.
 */
export async function listParts(
  key: string,
  uploadId: string,
  after = 0,
): Promise<{ parts: StoredPart[]; isLast: boolean } | null> {
  const { ListPartsCommand } = await loadSdk();
  try {
    const page = await (await getClient()).send(
      new ListPartsCommand({
        ...buildParams(key, uploadId),
        PartNumberMarker: String(after),
        MaxParts: PARTS_PAGE,
      }),
    );
    const parts = (page.Parts ?? []).map(({ PartNumber = 0, ETag = '', Size = 0 }) => {
      return { partNumber: PartNumber, etag: stripQuotes(ETag), size: Size };
    });
    return { parts, isLast: !page.IsTruncated };
  } catch (error) {
    if (getErrorName(error) === 'NoSuchUpload') return null;
    throw error;
  }
}

/** Lists all parts that have arrived, by number; null for an unknown upload. */
export async function listAllParts(
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

/**
 * The outcome of a completion: S3's names for the refusals that the client or a concurrent request
 * causes.
 */
export type Completion =
  | 'COMPLETED'
  | 'NoSuchUpload'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'EntityTooSmall'
  /** The key has an object already, which is not overwritten. */
  | 'PreconditionFailed'
  /** A concurrent request is creating the object. */
  | 'ConditionalRequestConflict';

const REFUSALS: readonly string[] = [
  ...['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall'],
  ...['PreconditionFailed', 'ConditionalRequestConflict'],
];

/**
 * Completes a multipart upload, which may take S3 minutes. The SDK also throws when S3 answers 200
 * with an error in the body.
 */
export async function completeMultipart(
  key: string,
  uploadId: string,
  parts: Pick<StoredPart, 'partNumber' | 'etag'>[],
  abortSignal: AbortSignal,
): Promise<Completion> {
  const { CompleteMultipartUploadCommand } = await loadSdk();
  const Parts = parts.map(({ partNumber, etag }) => {
    return { PartNumber: partNumber, ETag: `"${etag}"` };
  });
  try {
    await (await getClient()).send(
      new CompleteMultipartUploadCommand({
        ...buildParams(key, uploadId),
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      }),
      { ...SLOW_CALL, abortSignal },
    );
    return 'COMPLETED';
  } catch (error) {
    const name = getErrorName(error);
    if (name && REFUSALS.includes(name)) return name as Completion;
    throw error;
  }
}

/** Aborts an upload and deletes its parts. False for an unknown upload. */
export async function abortMultipart(key: string, uploadId: string): Promise<boolean> {
  const { AbortMultipartUploadCommand } = await loadSdk();
  try {
    await (await getClient()).send(new AbortMultipartUploadCommand(buildParams(key, uploadId)));
    return true;
  } catch (error) {
    if (getErrorName(error) === 'NoSuchUpload') return false;
    throw error;
  }
}

/** A multipart upload that is neither completed nor aborted. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  initiated: Date;
}

/** Lists the open multipart uploads under a prefix, in pages. */
export async function* listOpenUploads(prefix: string): AsyncGenerator<OpenUpload[]> {
  const { ListMultipartUploadsCommand } = await loadSdk();
  let marker: { KeyMarker: string; UploadIdMarker?: string } | undefined;
  do {
    const page = await (await getClient()).send(
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

/** Aborts all multipart uploads under a prefix. */
export async function abortUploadsUnder(prefix: string): Promise<void> {
  for await (const page of listOpenUploads(prefix)) {
    for (const { key, uploadId } of page) await abortMultipart(key, uploadId);
  }
}

function buildParams(key: string, uploadId: string) {
  return { Bucket: config.mediaBucket, Key: key, UploadId: uploadId };
}

/** Removes the quotes of an ETag. */
function stripQuotes(etag: string): string {
  return etag.replaceAll('"', '');
}

function getErrorName(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
