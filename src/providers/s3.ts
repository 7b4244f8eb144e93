import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { config } from '../config.ts';
import { presign } from './presign.ts';

/** Loaded where it is used: the SDK costs more to import than most requests take. */
export const sdk = () => import('@aws-sdk/client-s3');

/** For calls that S3 may take minutes to answer, in ms; whoever waits gives up earlier by a signal. */
export const UNHURRIED = { requestTimeout: 300_000 };
/** For calls that carry many bytes, whose sending counts: 16 MiB at 280 kB/s. */
export const LADEN = { requestTimeout: 60_000 };

let made: Promise<S3Client> | undefined;

/** The one client, made when first asked for. */
export function client(): Promise<S3Client> {
  made ??= sdk().then(
    ({ S3Client }) =>
      new S3Client({
        region: config.region,
        maxAttempts: 3,
        // A presigned PUT otherwise carries the checksum of nothing.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: {
          connectionTimeout: 1000,
          // From the call to the first line of its answer. Three of these fit an HTTP function's time.
          requestTimeout: 5000,
          throwOnRequestTimeout: true,
          // No byte in either direction, in the middle of an answer too: never under UNHURRIED.
          socketTimeout: UNHURRIED.requestTimeout,
        },
        ...(config.s3Endpoint && { endpoint: config.s3Endpoint, forcePathStyle: true }),
      }),
  );
  return made;
}

/** What S3 knows of an object. */
export interface Head {
  size: number;
  etag: string;
  contentType: string | undefined;
}

/** Asks for an object; null when there is none. */
export async function head(key: string): Promise<Head | null> {
  const { HeadObjectCommand } = await sdk();
  try {
    const found = await (await client()).send(
      new HeadObjectCommand({ Bucket: config.mediaBucket, Key: key }),
    );
    return {
      size: found.ContentLength ?? 0,
      etag: (found.ETag ?? '').replaceAll('"', ''),
      contentType: found.ContentType,
    };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

export interface SignedRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
  expiresAt: Date;
}

/**
 * A URL for one upload of exactly these bytes: length, type and (when given) checksum are signed, and an
 * object that is there already is not overwritten. @param checksum base64 SHA-256
 */
export function presignPut(
  key: string,
  object: { contentType: string; size: number; checksum?: string | undefined },
  seconds: number,
  now: number,
): SignedRequest {
  const headers = {
    'content-length': String(object.size),
    'content-type': object.contentType,
    'if-none-match': '*',
    ...(object.checksum && { 'x-amz-checksum-sha256': object.checksum }),
  };
  const url = presign({ method: 'PUT', ...addressOf(key), headers, ...signing(seconds) });
  return { method: 'PUT', url, headers, expiresAt: new Date(now + seconds * 1000) };
}

/** A URL to read an object by, which names the file that a browser saves it as. */
export function presignGet(
  key: string,
  as: { contentType: string; fileName: string },
  seconds: number,
): string {
  const query = {
    'response-content-type': as.contentType,
    'response-content-disposition': attachment(as.fileName),
  };
  return presign({ method: 'GET', ...addressOf(key), query, ...signing(seconds) });
}

/** A URL to read an object by as it is stored, under its own type: for players, which save nothing. */
export function presignPlay(
  key: string,
  seconds: number,
  query: Record<string, string> = {},
): string {
  return presign({ method: 'GET', ...addressOf(key), query, ...signing(seconds) });
}

let elsewhere: string | undefined;

/** Where an object is: by the bucket's own host name on AWS, as a path elsewhere. */
export function addressOf(key: string): { origin: string; path: string } {
  const { s3Endpoint, mediaBucket, region } = config;
  if (s3Endpoint) {
    elsewhere ??= new URL(s3Endpoint).origin;
    return { origin: elsewhere, path: `/${mediaBucket}/${key}` };
  }
  return { origin: `https://${mediaBucket}.s3.${region}.amazonaws.com`, path: `/${key}` };
}

/** What a link is signed with. */
export function signing(seconds: number) {
  const { region, credentials } = config;
  // S3 compares with its own clock, not with the request's.
  return { region, credentials, seconds, now: Date.now() };
}

/** `Content-Disposition` for any file name (RFC 6266, RFC 8187). */
export function attachment(fileName: string): string {
  const ascii = fileName.normalize('NFKD').replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/**
 * Reads an object into a file, if it is still the one with this ETag; every chunk passes `onChunk`.
 * False when it is another by now, or gone.
 */
export async function download(
  key: string,
  etag: string,
  path: string,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<boolean> {
  const { GetObjectCommand } = await sdk();
  try {
    const { Body } = await (await client()).send(
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
    if (statusOf(error) === 404 || statusOf(error) === 412) return false;
    throw error;
  }
}

/** Stores a short text. */
export async function putText(key: string, text: string, contentType: string): Promise<void> {
  const { PutObjectCommand } = await sdk();
  await (await client()).send(
    new PutObjectCommand({
      Bucket: config.mediaBucket,
      Key: key,
      Body: text,
      ContentType: contentType,
    }),
  );
}

/** Reads a short text of ours. @throws what the SDK throws when it is not there */
export async function getText(key: string): Promise<string> {
  const { GetObjectCommand } = await sdk();
  const { Body } = await (await client()).send(
    new GetObjectCommand({ Bucket: config.mediaBucket, Key: key }),
  );
  return (await Body?.transformToString()) ?? '';
}

/** The keys under a prefix, in pages. */
export async function* keysUnder(prefix: string): AsyncGenerator<string[]> {
  for await (const page of objectsUnder(prefix)) yield page.map(({ key }) => key);
}

/** An object as a list tells of it. */
export interface ObjectSeen {
  key: string;
  /** In bytes. */
  size: number;
  changedAt: Date;
}

/** The objects under a prefix, in pages of at most 1000, by key; those after a key, if one is given. */
export async function* objectsUnder(
  prefix: string,
  { after, size }: { after?: string; size?: number } = {},
): AsyncGenerator<ObjectSeen[]> {
  const { ListObjectsV2Command } = await sdk();
  let token: string | undefined;
  do {
    const page = await (await client()).send(
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

/** Deletes everything under a prefix that `spare` does not spare. */
export async function deleteUnder(
  prefix: string,
  spare: (key: string) => boolean = () => false,
): Promise<void> {
  for await (const keys of keysUnder(prefix)) await deleteKeys(keys.filter((k) => !spare(k)));
}

/** Deletes these objects, at most 1000. */
export async function deleteKeys(keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const { DeleteObjectsCommand } = await sdk();
  const { Errors } = await (await client()).send(
    new DeleteObjectsCommand({
      Bucket: config.mediaBucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    }),
  );
  if (Errors?.length) throw new Error(`S3 kept ${Errors.length} objects: ${Errors[0]?.Message}`);
}

/** Whether the bucket answers. @throws what the SDK throws when it does not */
export async function reach(): Promise<void> {
  const { HeadBucketCommand } = await sdk();
  await (await client()).send(new HeadBucketCommand({ Bucket: config.mediaBucket }));
}

/** The HTTP status that S3 refused with, if it did. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
