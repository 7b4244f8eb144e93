import { fileTypeFromBuffer } from 'file-type';
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

/** What a kind of medium would have the file be. */
export interface Wanted {
  /** `tracks are MP3, WAV…`: how the accepted formats are named to people. */
  accepted: string;
  /** Media types of its own formats, as file-type names them: a file that only begins like one is broken. */
  own: readonly string[];
  /** `sound`, `a picture`. */
  noun: string;
}

/** The refusal of a file that is no such medium: what it is when that can be said, else CORRUPT_MEDIA. */
export async function refusalOf(file: BoundedFile, wanted: Wanted): Promise<MediaError> {
  const head = await file.read(0, HEAD);
  const name = nameText(head) ?? (await nameBytes(head, wanted.own));
  if (!name) return corrupt(`Nothing in this file can be recognised as ${wanted.noun}.`);
  return new MediaError('UNSUPPORTED_MEDIA', `This is ${name}; ${wanted.accepted}.`);
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
async function nameBytes(head: Buffer, own: readonly string[]): Promise<string | null> {
  // It throws on heads that are cut short: those are of no known kind.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (!found || own.includes(found.mime)) return null;
  const kind = found.mime.split('/')[0] ?? '';
  const noun = ['image', 'video'].includes(kind) ? kind : kind === 'audio' ? 'audio file' : 'file';
  const name = found.ext.toUpperCase();
  return `${/^[AEFHILMNORSX]/.test(name) ? 'an' : 'a'} ${name} ${noun}`; // as it is spelt out
}
