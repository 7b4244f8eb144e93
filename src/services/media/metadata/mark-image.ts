import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeScratchDir } from '../../jobs/scratch-folder.ts';
import { type BoundedFile, openBounded } from '../bounded-file.ts';
import { MediaError } from '../media-error.ts';
import { hasContentCredentials } from './content-credentials.ts';
import { listParts, type Part } from './parts.ts';
import { planJpeg, planPng } from './plan-mark.ts';
import { planWebp } from './plan-webp-mark.ts';
import type { GeneratedTerm } from './source-type.ts';

/** A file as it streams, and its size in bytes. */
export interface SizedStream {
  stream: Readable;
  size: number;
}

/** What is put into a file, in place of so many bytes that it has there. */
export interface Edit {
  at: number;
  drops: number;
  insert: Buffer;
}

/** How long a file may be looked at, in ms. */
const PATIENCE = 30_000;

/**
 * Puts an XMP packet with a term into a PNG, a JPEG or a WebP, or the term into the packet that it has, without
 * touching its pixels. A picture that says already what it is stays as it is, and so does one with content
 * credentials: it is signed, and would not be any more what was signed. Where these are is known only once all of a
 * file is there, so that it goes through a folder, which is gone at the end of `await using`.
 */
export async function markImage(
  image: SizedStream,
  term: GeneratedTerm,
): Promise<SizedStream & AsyncDisposable> {
  const folder = await makeScratchDir();
  try {
    const path = join(folder.path, 'picture');
    await pipeline(image.stream, createWriteStream(path));
    const edits = await planEdits(path, term);
    const grows = edits.reduce((sum, { insert, drops }) => sum + insert.length - drops, 0);
    return {
      stream: Readable.from(applyEdits(path, edits)),
      size: image.size + grows,
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** What is changed of a file, in its order; nothing of one that is broken or of another kind. */
async function planEdits(path: string, term: GeneratedTerm): Promise<Edit[]> {
  const file = await openBounded(path, AbortSignal.timeout(PATIENCE));
  try {
    const parts = await listParts(file);
    const plan = choosePlan(await file.read(0, 16));
    if (!plan || (await hasContentCredentials(file, parts))) return [];
    const edits = await plan(file, parts, term);
    return (edits ?? []).toSorted((a, b) => a.at - b.at);
  } catch (error) {
    // What cannot be read is not changed: whether it is a picture is decided elsewhere.
    if (error instanceof MediaError) return [];
    throw error;
  } finally {
    await file.close();
  }
}

/** Plans the edits of a format; null where a file is cut off, says already what it is, or cannot be changed. */
export type Plan = (
  file: BoundedFile,
  parts: readonly Part[],
  term: GeneratedTerm,
) => Promise<Edit[] | null>;

function choosePlan(head: Buffer): Plan | undefined {
  const text = head.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return planPng;
  if (text.startsWith('\xff\xd8\xff')) return planJpeg;
  if (/^RIFF....WEBP/s.test(text)) return planWebp;
  return undefined;
}

async function* applyEdits(path: string, edits: Edit[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const edit of edits) {
    if (edit.at > at) yield* createReadStream(path, { start: at, end: edit.at - 1 });
    yield edit.insert;
    at = edit.at + edit.drops;
  }
  yield* createReadStream(path, { start: at });
}
