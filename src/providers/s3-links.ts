import { config } from '../config.ts';
import { presign } from './presign.ts';

export interface SignedRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
  expiresAt: Date;
}

/**
 * Presigns one upload of exactly these bytes: length, type and, if given, checksum are signed
 * headers, and so is a condition that refuses to overwrite an object. `checksum` is the SHA-256 in
 * base64. Answers the headers that the client must set.
 */
export function presignPut(
  key: string,
  object: { contentType: string; size: number; checksum?: string | undefined },
  seconds: number,
  now: number,
): SignedRequest {
  const headers = {
    'content-type': object.contentType,
    'if-none-match': '*',
    ...(object.checksum && { 'x-amz-checksum-sha256': object.checksum }),
  };
  // The length is signed, but not named: every client sends it by itself, and a page may not set it.
  const signed = { 'content-length': String(object.size), ...headers };
  const to = getObjectUrl(key);
  const url = presign({ method: 'PUT', ...to, headers: signed, ...getSigning(seconds) });
  return { method: 'PUT', url, headers, expiresAt: new Date(now + seconds * 1000) };
}

/**
 * Presigns a download, with the file name under which a browser saves it.
 * @param from when its time begins, in ms since 1970: now, unless given
 */
export function presignGet(
  key: string,
  as: { contentType: string; fileName: string },
  seconds: number,
  from?: number,
): string {
  const query = {
    'response-content-type': as.contentType,
    'response-content-disposition': formatAttachment(as.fileName),
  };
  const signing = { ...getSigning(seconds), ...(from !== undefined && { now: from }) };
  return presign({ method: 'GET', ...getObjectUrl(key), query, ...signing });
}

/** Presigns reading an object with its stored type and no file name, for players. */
export function presignPlay(
  key: string,
  seconds: number,
  query: Record<string, string> = {},
): string {
  return presign({ method: 'GET', ...getObjectUrl(key), query, ...getSigning(seconds) });
}

let endpointOrigin: string | undefined;

/** The URL of an object: virtual-hosted on AWS, path-style for another endpoint. */
export function getObjectUrl(
  key: string,
  bucket = config.mediaBucket,
): { origin: string; path: string } {
  const { s3Endpoint, region } = config;
  if (s3Endpoint) {
    endpointOrigin ??= new URL(s3Endpoint).origin;
    return { origin: endpointOrigin, path: `/${bucket}/${key}` };
  }
  return { origin: `https://${bucket}.s3.${region}.amazonaws.com`, path: `/${key}` };
}

/** Region, credentials and time for presigning. */
export function getSigning(seconds: number) {
  const { region, credentials } = config;
  // The real clock, not the context's: S3 compares with its own.
  return { region, credentials, seconds, now: Date.now() };
}

/**
 * Formats `Content-Disposition` for any file name (RFC 6266, RFC 8187). Slashes of either kind are
 * replaced: a client that takes the name for a path would save the file elsewhere.
 */
export function formatAttachment(fileName: string): string {
  // Compatibility forms (NFKD) of other characters have slashes, too: `／`, `℀`.
  const ascii = fileName.normalize('NFKD').replace(/[^\x20-\x7e]|["\\/%]/g, '_');
  const plain = fileName.toWellFormed().replace(/[\\/]/g, '_');
  const encoded = encodeURIComponent(plain).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
