import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { config } from '../config.ts';
import { getClient, getHttpStatus, loadSdk } from './s3-client.ts';

/** Size, ETag and type of an object. */
export interface ObjectHead {
  size: number;
  etag: string;
  contentType: string | undefined;
}

/** Reads size, ETag and type of an object (HeadObject); null when there is none. */
export async function headObject(key: string): Promise<ObjectHead | null> {
  const { HeadObjectCommand } = await loadSdk();
  try {
    const found = await (await getClient()).send(
      new HeadObjectCommand({ Bucket: config.mediaBucket, Key: key }),
    );
    return {
      size: found.ContentLength ?? 0,
      etag: (found.ETag ?? '').replaceAll('"', ''),
      contentType: found.ContentType,
    };
  } catch (error) {
    if (getHttpStatus(error) === 404) return null;
    throw error;
  }
}

/**
 * Downloads an object into a file, if it still has this ETag; calls `onChunk` for every chunk.
 * False when it was replaced or is gone.
 */
export async function download(
  key: string,
  etag: string,
  path: string,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<boolean> {
  const { GetObjectCommand } = await loadSdk();
  try {
    const { Body } = await (await getClient()).send(
      new GetObjectCommand({ Bucket: config.mediaBucket, Key: key, IfMatch: `"${etag}"` }),
      { abortSignal: signal },
    );
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        onChunk(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Body as Readable, tap, createWriteStream(path), { signal });
    return true;
  } catch (error) {
    if (getHttpStatus(error) === 404 || getHttpStatus(error) === 412) return false;
    throw error;
  }
}

/** Opens an object for reading, if it still has this ETag; null when it was replaced or is gone. */
export async function openObject(
  key: string,
  etag: string,
  signal: AbortSignal,
): Promise<Readable | null> {
  const { GetObjectCommand } = await loadSdk();
  try {
    const { Body } = await (await getClient()).send(
      new GetObjectCommand({ Bucket: config.mediaBucket, Key: key, IfMatch: `"${etag}"` }),
      { abortSignal: signal },
    );
    return Body as Readable;
  } catch (error) {
    if (getHttpStatus(error) === 404 || getHttpStatus(error) === 412) return null;
    throw error;
  }
}

/** Opens bytes of an object, from `start` to before `end`. @throws the SDK's error when it has another ETag */
export async function openRange(
  key: string,
  etag: string,
  { start, end }: { start: number; end: number },
  signal: AbortSignal,
): Promise<Readable> {
  const { GetObjectCommand } = await loadSdk();
  const Range = `bytes=${start}-${end - 1}`;
  const { Body } = await (await getClient()).send(
    new GetObjectCommand({ Bucket: config.mediaBucket, Key: key, IfMatch: `"${etag}"`, Range }),
    { abortSignal: signal },
  );
  return Body as Readable;
}

/** Stores a short text. */
export async function putText(key: string, text: string, contentType: string): Promise<void> {
  const { PutObjectCommand } = await loadSdk();
  await (await getClient()).send(
    new PutObjectCommand({
      Bucket: config.mediaBucket,
      Key: key,
      Body: text,
      ContentType: contentType,
    }),
  );
}

/** Reads a short text. @throws the SDK's error when it does not exist */
export async function getText(key: string): Promise<string> {
  const { GetObjectCommand } = await loadSdk();
  const { Body } = await (await getClient()).send(
    new GetObjectCommand({ Bucket: config.mediaBucket, Key: key }),
  );
  return (await Body?.transformToString()) ?? '';
}

/** Lists the keys under a prefix, in pages. */
export async function* listKeys(prefix: string): AsyncGenerator<string[]> {
  for await (const page of listObjects(prefix)) yield page.map(({ key }) => key);
}

/** An object in a list. */
export interface ListedObject {
  key: string;
  /** In bytes. */
  size: number;
  changedAt: Date;
}

/**
 * Lists the objects under a prefix in the order of keys, in pages of at most 1000; starts after a
 * key, if given.
 */
export async function* listObjects(
  prefix: string,
  { after, size }: { after?: string; size?: number } = {},
): AsyncGenerator<ListedObject[]> {
  const { ListObjectsV2Command } = await loadSdk();
  let token: string | undefined;
  do {
    const page = await (await getClient()).send(
      new ListObjectsV2Command({
        Bucket: config.mediaBucket,
        Prefix: prefix,
        ...(after && { StartAfter: after }),
        ...(size && { MaxKeys: size }),
        ...(token && { ContinuationToken: token }),
      }),
    );
    yield (page.Contents ?? []).flatMap(({ Key, Size = 0, LastModified }) =>
      Key ? [{ key: Key, size: Size, changedAt: LastModified ?? new Date() }] : [],
    );
    token = page.NextContinuationToken;
  } while (token);
}

/** Deletes the objects under a prefix, except those for which `spare` is true. */
export async function deleteUnder(
  prefix: string,
  spare: (key: string) => boolean = () => false,
): Promise<void> {
  for await (const keys of listKeys(prefix)) await deleteKeys(keys.filter((k) => !spare(k)));
}

/** Deletes these objects, at most 1000. */
export async function deleteKeys(keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const { DeleteObjectsCommand } = await loadSdk();
  const { Errors } = await (await getClient()).send(
    new DeleteObjectsCommand({
      Bucket: config.mediaBucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    }),
  );
  if (Errors?.length) {
    throw new Error(`S3 did not delete ${Errors.length} objects: ${Errors[0]?.Message}`);
  }
}

/** Checks that the bucket answers. @throws the SDK's error when it does not */
export async function checkBucket(): Promise<void> {
  const { HeadBucketCommand } = await loadSdk();
  await (await getClient()).send(new HeadBucketCommand({ Bucket: config.mediaBucket }));
}
