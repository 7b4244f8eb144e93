import { open, readFile } from 'node:fs/promises';
import { appendChunk } from '../append-chunk.ts';
import { removeControls } from '../plain-text.ts';
import type { TagName, Tags } from '../plan.ts';

// ID3v2.4 in a chunk of a WAV, whose INFO tags have no picture, and no word on how they are encoded.

/** The frames of texts; a comment has one of its own form. */
const FRAMES: Record<Exclude<TagName, 'comment'>, string> = {
  title: 'TIT2',
  artist: 'TPE1',
  album: 'TALB',
  albumArtist: 'TPE2',
  genre: 'TCON',
  date: 'TDRC',
  trackNumber: 'TRCK',
  composer: 'TCOM',
  copyright: 'TCOP',
};
const UTF8 = Buffer.from([3]);
const FRONT_COVER = Buffer.from([3]);
const NUL = Buffer.from([0]);

/** Writes tags and a cover, a JPEG of ours, into a WAV of ours. */
export async function writeId3(path: string, tags: Tags, cover: string | null): Promise<void> {
  const frames = [...buildTextFrames(tags), ...(cover ? [await buildPicture(cover)] : [])];
  if (frames.length === 0) return;
  const body = Buffer.concat(frames);
  const head = Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), encodeSize(body.length)]);
  const file = await open(path, 'r+');
  try {
    await appendChunk(file, 'id3 ', Buffer.concat([head, body]));
  } finally {
    await file.close();
  }
}

function buildTextFrames(tags: Tags): Buffer[] {
  return Object.entries(tags).map(([name, value]) => {
    const text = Buffer.from(removeControls(value));
    if (name !== 'comment') {
      return buildFrame(FRAMES[name as keyof typeof FRAMES], [UTF8, text]);
    }
    // In an unknown language, without a title.
    return buildFrame('COMM', [UTF8, Buffer.from('und'), NUL, text]);
  });
}

async function buildPicture(path: string): Promise<Buffer> {
  const type = Buffer.from('image/jpeg');
  const picture = await readFile(path);
  return buildFrame('APIC', [UTF8, type, NUL, FRONT_COVER, NUL, picture]);
}

function buildFrame(id: string, parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = [Buffer.from(id, 'latin1'), encodeSize(body.length), Buffer.alloc(2)];
  return Buffer.concat([...head, body]);
}

/** Seven bits a byte. */
function encodeSize(size: number): Buffer {
  return Buffer.from([21, 14, 7, 0].map((bits) => (size >> bits) & 0x7f));
}
