import { fileTypeFromBuffer } from 'file-type';
import { ACCEPTED } from './audio-limits.ts';
import type { BoundedFile } from './bounded-file.ts';
import { corrupt, MediaError } from './media-error.ts';

const HEAD = 64 * 1024;

/**
 * Texts that some decoder would take for a list of things to fetch, or some browser for a page to
 * run.
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

/** Formats that this service knows as its own: a file that only begins like one is broken. */
const OURS = [
  'audio/mpeg',
  'audio/wav',
  'audio/flac',
  'audio/x-flac',
  'audio/ogg',
  'audio/aac',
  'video/mp4',
  'audio/x-m4a',
];

/**
 * The refusal of a file that is no accepted track: what it is when that can be said, else
 * CORRUPT_MEDIA.
 */
export async function refusalOf(file: BoundedFile): Promise<MediaError> {
  const head = await file.read(0, HEAD);
  const name = nameText(head) ?? (await nameBytes(head));
  if (!name) return corrupt('Nothing in this file can be recognised as sound.');
  return new MediaError('UNSUPPORTED_MEDIA', `This is ${name}; ${ACCEPTED}.`);
}

function nameText(head: Buffer): string | null {
  const text = head
    .toString('utf8', 0, 4096)
    .replace(/^\ufeff/, '')
    .trimStart();
  // Comments go first: patterns that skip them would try every way to split a run of them.
  const bare = text.replace(/<!--.*?-->\s*/gs, '');
  const known = TEXTS.find(([pattern]) => pattern.test(bare));
  if (known) return known[1];
  const plain = /^[\t\n\r\x20-\x7e\u00a0-\ufffc]+$/.test(text);
  return text.length > 8 && plain ? 'a text file' : null;
}

/** From the head alone, in memory: no loop of the detector can wander through the file. */
async function nameBytes(head: Buffer): Promise<string | null> {
  // It throws on heads that are cut short: those are of no known kind.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (!found || OURS.includes(found.mime)) return null;
  const kind = found.mime.split('/')[0] ?? '';
  const noun = ['image', 'video'].includes(kind) ? kind : kind === 'audio' ? 'audio file' : 'file';
  const name = found.ext.toUpperCase();
  return `${/^[AEFHILMNORSX]/.test(name) ? 'an' : 'a'} ${name} ${noun}`; // as it is spelt out
}
