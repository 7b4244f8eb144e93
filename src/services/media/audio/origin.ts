import { type OriginTags, readOrigin } from '../metadata/origin.ts';
import { readMp4Texts } from '../video/tags/mp4-tags.ts';
import type { Container } from './containers/container.ts';

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
  }));
}
