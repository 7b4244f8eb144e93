import type { BoundedFile } from '../bounded-file.ts';
import { type OriginTags, readOrigin } from '../metadata/origin.ts';
import { readMp4Texts } from '../video/tags/mp4-tags.ts';
import type { Container } from './containers/container.ts';
import { readId3Frames } from './id3-frames.ts';

/** Reads how a song was made, from its tags and what is beside them. */
export function readSoundOrigin(
  path: string,
  { demuxer }: Container,
  texts: readonly (readonly [key: string, text: string])[],
  signal: AbortSignal,
): Promise<OriginTags> {
  return readOrigin(path, signal, async (file) => ({
    // ffmpeg names the tags of an M4A in a way that only the reader of videos knows.
    texts: [...texts, ...(demuxer === 'mov' ? await readMp4Texts(file) : [])],
    xmp: await readId3Xmp(file),
  }));
}

const MOST_TAG_BYTES = 256 * 1024;
const OWNER = 'XMP\0';

/** The XMP in a private frame of an ID3v2 tag (XMP specification, part 3). */
async function readId3Xmp(file: BoundedFile): Promise<Buffer | null> {
  const head = await file.read(0, 10);
  if (head.toString('latin1', 0, 3) !== 'ID3') return null;
  const tag = await file.read(0, Math.min(MOST_TAG_BYTES, file.size));
  const frame = readId3Frames(tag)?.find(
    ({ id, body }) => id === 'PRIV' && body.toString('latin1', 0, OWNER.length) === OWNER,
  );
  return frame ? frame.body.subarray(OWNER.length) : null;
}
