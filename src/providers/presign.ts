import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { signHmac } from '../crypto/hmac.ts';

/** What a presigned URL allows, and the credentials that sign it. */
export interface Link {
  method: 'GET' | 'PUT';
  /** The URL of the object; the path is not percent-encoded yet. */
  origin: string;
  path: string;
  query?: Record<string, string>;
  /** Signed headers, which the request must send with exactly these values; names in lower case. */
  headers?: Record<string, string>;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  seconds: number;
  now: number;
}

/**
 * Presigns a URL with Signature Version 4 in the query. The SDK takes 20 times as long, and has 400
 * KB of code to load at a cold start.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function presign(link: Link): string {
  const { method, origin, region, credentials, seconds } = link;
  const time = formatTime(link.now);
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers = Object.entries({ ...link.headers, host: getHost(origin) }).sort(compareNames);
  const signed = headers.map(([name]) => name).join(';');
  const { key, credential, token } = getSigner(credentials, scope);
  // In the order of their names, which are sorted as bytes: those of a request follow ours.
  const query =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${time}` +
    `&X-Amz-Expires=${seconds}${token}&X-Amz-SignedHeaders=${encodePart(signed)}${encodeQuery(link.query)}`;
  const path = encodeUri(link.path);
  const lines = headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`);
  const request = [method, path, query, lines.join(''), signed, 'UNSIGNED-PAYLOAD'].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, hash('sha256', request)].join('\n');
  const signature = signHmac(key, text).toString('hex');
  return `${origin}${path}?${query}&X-Amz-Signature=${signature}`;
}

let lastSecond = 0;
let lastTime = '';

/** Formats a time as `20261123T101500Z`; caches the last second. */
function formatTime(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond) {
    lastTime = `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    lastSecond = second;
  }
  return lastTime;
}

let lastOrigin = '';
let lastHost = '';

function getHost(origin: string): string {
  if (origin !== lastOrigin) {
    lastHost = new URL(origin).host;
    lastOrigin = origin;
  }
  return lastHost;
}

interface Signer {
  of: string;
  key: KeyObject;
  /** Values of the query, percent-encoded. */
  credential: string;
  token: string;
}

// What the URLs of a day have in common is cached, the signing key as a KeyObject: creating one for
// each URL would cost more than the signature.
let last: Signer | undefined;

function getSigner(credentials: Link['credentials'], scope: string): Signer {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
  const of = `${secretAccessKey} ${sessionToken} ${scope}`;
  if (last?.of !== of) {
    const bytes = scope.split('/').reduce(signHmac, Buffer.from(`AWS4${secretAccessKey}`));
    last = {
      of,
      key: createSecretKey(bytes),
      credential: encodePart(`${accessKeyId}/${scope}`),
      token: sessionToken && `&X-Amz-Security-Token=${encodePart(sessionToken)}`,
    };
  }
  return last;
}

/** @throws Error for a name that would not be sorted behind `X-Amz-…` */
function encodeQuery(query: Record<string, string> = {}): string {
  const pairs = Object.entries(query).sort(compareNames);
  if (pairs.some(([name]) => name < 'a')) throw new Error('Names in a query are in lower case.');
  return pairs.map(([name, value]) => `&${encodePart(name)}=${encodePart(value)}`).join('');
}

/** Encodes all but unreserved characters and slashes (RFC 3986). */
function encodeUri(text: string): string {
  if (/^[\w.~/-]*$/.test(text)) return text;
  return text.split('/').map(encodePart).join('/');
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compareNames([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1;
}
