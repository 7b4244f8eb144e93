import { fileTypeFromBuffer } from 'file-type';
import type { BoundedFile } from './bounded-file.ts';
import { corrupt, MediaError } from './media-error.ts';

const HEAD_BYTES = 64 * 1024;

/**
 * Texts that a decoder could treat as a list of URLs to fetch, or a browser as a page with scripts.
 */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^#EXTM3U|^#EXTINF/, 'an M3U8 playlist'],
  [/^ffconcat version/, 'an ffconcat playlist'],
  [/^\[playlist\]/i, 'a PLS playlist'],
  [/^v=0\r?\n/, 'an SDP session description'],
  [/^(<\?xml[^>]*>\s*)?<(\w+:)?MPD[\s>]/s, 'a DASH manifest'],
  [/^(<\?xml[^>]*>\s*)?<smil[\s>]/is, 'a SMIL playlist'],
  [/^(<\?xml[^>]*>\s*)?(<!doctype svg[^>]*>\s*)?<svg[\s>]/is, 'an SVG image'],
  [/^<(!doctype html|html|head|body|script)[\s>]/is, 'an HTML page'],
  [/^<\?xml/, 'an XML document'],
];

/** What a kind of medium accepts. */
export interface ExpectedFormats {
  /** The accepted formats, for error messages: `tracks are MP3, WAV…` */
  accepted: string;
  /**
   * Their media types, as file-type names them: a file detected as one of these, but not readable,
   * is corrupt.
   */
  contentTypes: readonly string[];
  /** `sound`, `a picture`. */
  noun: string;
}

/**
 * Builds the error for a file in no accepted format: UNSUPPORTED_MEDIA with its format, if known,
 * or CORRUPT_MEDIA.
 */
export async function buildRefusal(
  file: BoundedFile,
  expected: ExpectedFormats,
): Promise<MediaError> {
  const head = await file.read(0, HEAD_BYTES);
  const name = nameText(head) ?? (await nameBytes(head, expected.contentTypes));
  if (!name) return corrupt(`Nothing in this file can be recognised as ${expected.noun}.`);
  return new MediaError('UNSUPPORTED_MEDIA', `This is ${name}; ${expected.accepted}.`);
}

function nameText(head: Buffer): string | null {
  const text = head
    .toString('utf8', 0, 4096)
    .replace(/^\ufeff/, '')
    .trimStart();
  // Comments are removed first: a pattern that skips them itself would try every way to split a run
  // of them (catastrophic backtracking).
  const bare = text.replace(/<!--.*?-->\s*/gs, '');
  const known = TEXTS.find(([pattern]) => pattern.test(bare));
  if (known) return known[1];
  const plain = /^[\t\n\r\x20-\x7e\u00a0-\ufffc]+$/.test(text);
  return text.length > 8 && plain ? 'a text file' : null;
}

/**
 * Whether this is a TGA, whose first bytes are also those of a Windows cursor: a kind of picture with
 * a depth that goes with it.
 */
function isTga(head: Buffer): boolean {
  if (head.length < 18) return false;
  const [palette, kind] = [head[1] ?? 0, head[2] ?? 0];
  const [width, height, depth] = [head.readUInt16LE(12), head.readUInt16LE(14), head[16] ?? 0];
  const depths = { 1: [8], 2: [16, 24, 32], 3: [8], 9: [8], 10: [16, 24, 32], 11: [8] }[kind];
  return (
    palette <= 1 &&
    (palette === 1) === (kind === 1 || kind === 9) &&
    Boolean(depths?.includes(depth)) &&
    width > 0 &&
    height > 0 &&
    ((head[17] ?? 0) & 0xc0) === 0
  );
}

/**
 * Detects the format from the first bytes, in memory, so that the detector cannot read the whole
 * file.
 */
async function nameBytes(head: Buffer, own: readonly string[]): Promise<string | null> {
  // It throws when the data ends too early: then the format is unknown.
  if (isTga(head)) return 'a TGA image';
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (!found || own.includes(found.mime)) return null;
  const kind = found.mime.split('/')[0] ?? '';
  const noun = ['image', 'video'].includes(kind) ? kind : kind === 'audio' ? 'audio file' : 'file';
  const name = found.ext.toUpperCase();
  // `an MKV`: by how the letter is pronounced.
  return `${/^[AEFHILMNORSX]/.test(name) ? 'an' : 'a'} ${name} ${noun}`;
}
