import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { Doc, MediaKind, Person, Track } from './given.ts';

/** The `upload` of a medium that goes in parts. */
export interface PartsUpload {
  method: 'MULTIPART';
  partSize: number;
  partCount: number;
  parts: { partNumber: number; size: number; url: string }[];
  uploaded: Part[];
  nextPart: number | null;
  expiresAt: string;
}

export interface Part {
  partNumber: number;
  etag: string;
  size: number;
}

/** A medium that awaits its bytes in parts. */
export async function inParts(
  person: Person,
  kind: MediaKind,
  values: Record<string, unknown>,
): Promise<Doc & { upload: PartsUpload }> {
  const made = await (kind === 'tracks' ? person.track(values) : person.medium(kind, values));
  return made as Doc & { upload: unknown } as Doc & { upload: PartsUpload };
}

/** The bytes of a part. */
export type Content = (part: { partNumber: number; size: number }) => Buffer;

/** How often each part was sent. */
export type Sent = Map<number, number>;

/**
 * Goes on with an upload as a client would: asks what has arrived, page by page, and sends the rest.
 * @param options.breakAfter the line breaks in the middle of the part after so many
 * @returns all parts, or undefined when it broke
 */
export async function goOn(
  { token, api }: { token: string; api: string },
  path: string,
  content: Content,
  sent: Sent,
  { lanes = 4, breakAfter = Number.POSITIVE_INFINITY } = {},
): Promise<Part[] | undefined> {
  const line = new AbortController();
  const all: Part[] = [];
  let begun = 0;
  for (let from: number | null = 1; from !== null; ) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${api}${path}/upload?fromPart=${from}`, {
      method: 'POST',
      headers,
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    const { upload } = (await answer.json()) as { upload: PartsUpload };
    all.push(...upload.uploaded);
    const waiting = upload.parts.values();
    const lane = async () => {
      for (const { url, ...part } of waiting) {
        line.signal.throwIfAborted();
        sent.set(part.partNumber, (sent.get(part.partNumber) ?? 0) + 1);
        if (++begun > breakAfter) {
          await putHalf(url, content(part));
          line.abort();
          return;
        }
        all.push({ ...part, etag: await put(url, content(part), line.signal) });
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
    if (line.signal.aborted) return undefined;
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    from = upload.nextPart;
  }
  return all.toSorted((a, b) => a.partNumber - b.partNumber);
}

/** Sends a part. Returns its ETag, as S3 writes it. */
async function put(url: string, bytes: Buffer, signal?: AbortSignal): Promise<string> {
  const body = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
  const headers = { 'content-md5': md5(bytes) };
  const answer = await fetch(url, { method: 'PUT', headers, body, ...(signal && { signal }) });
  if (answer.status !== 200) throw new Error(`S3 answered ${answer.status}`);
  return answer.headers.get('etag') ?? '';
}

/** Begins to send a part, and is cut off in the middle. */
function putHalf(url: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-length': bytes.length, 'content-md5': md5(bytes) };
    const sending = request(url, { method: 'PUT', headers });
    sending.on('error', () => resolve());
    sending.on('close', () => resolve());
    sending.write(bytes.subarray(0, bytes.length >> 1), () => sending.destroy());
  });
}

/** Without it the S3 of the tests keeps what was cut off as if it were whole (versitygw 1.8.0). */
function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** Completes an upload. */
export function completes(person: Person, path: string, parts: Partial<Part>[]) {
  const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag }));
  return person.post<Track>(`${path}/upload/complete`, { parts: named });
}
