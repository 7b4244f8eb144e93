import { inflateSync } from 'node:zlib';
import type { BoundedFile } from '../bounded-file.ts';
import type { Part } from '../metadata/parts.ts';

const KINDS = ['tEXt', 'zTXt', 'iTXt'];
/** Bytes of one text as stored and as inflated, unless more are asked for, and of all. */
const MOST_BYTES = 1024 * 1024;
const MOST_IN_ALL = 8 * 1024 * 1024;
const MOST_TEXTS = 100;

/** Reads the texts in a PNG (ISO/IEC 15948 §11.3.3), before and after the pixels. */
export async function readPngTexts(
  file: BoundedFile,
  parts: readonly Part[],
  mostBytes = MOST_BYTES,
): Promise<[key: string, text: string][]> {
  const texts: [string, string][] = [];
  let left = MOST_IN_ALL;
  for (const { name, start, length } of parts) {
    if (!KINDS.includes(name) || length > mostBytes || texts.length === MOST_TEXTS) continue;
    const found = readPngText(name, await file.read(start, length), mostBytes);
    if (!found || found[1].length > left) continue;
    left -= found[1].length;
    texts.push(found);
  }
  return texts;
}

/** Reads the key and the text of one chunk; null of one that is broken or too long. */
export function readPngText(
  kind: string,
  data: Buffer,
  mostBytes: number,
): [key: string, text: string] | null {
  const end = data.indexOf(0);
  if (end < 1 || end > 79) return null;
  const key = data.toString('latin1', 0, end);
  const rest = data.subarray(end + 1);
  if (kind === 'tEXt') return [key, decodeText(rest)];
  if (kind === 'zTXt') {
    const text = inflate(rest.subarray(1), mostBytes);
    return text && [key, decodeText(text)];
  }
  // Compressed or not, the method; then a language and a translated key, each with a zero after it.
  const language = rest.indexOf(0, 2);
  const translated = rest.indexOf(0, language + 1);
  if (language < 0 || translated < 0) return null;
  const body = rest.subarray(translated + 1);
  const text = rest[0] === 1 ? inflate(body, mostBytes) : body;
  return text && [key, text.toString('utf8')];
}

/** Latin-1 by the standard; UTF-8 by many writers. */
function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}

/** A text that is broken, or that grows beyond all bounds, is left out. */
function inflate(bytes: Buffer, mostBytes: number): Buffer | null {
  try {
    return inflateSync(bytes, { maxOutputLength: mostBytes });
  } catch {
    return null;
  }
}
