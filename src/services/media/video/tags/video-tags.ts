import { cleanText } from '../../metadata/clean-text.ts';
import { type OriginTags, readOrigin } from '../../metadata/origin.ts';
import type { Container } from '../containers/container.ts';
import { readMatroskaTexts } from './matroska-tags.ts';
import { readMp4Texts } from './mp4-tags.ts';

/** What a video says of itself. Never a place, which phones write, too. */
export interface VideoTags extends OriginTags {
  title?: string;
  artist?: string;
  album?: string;
  genre?: string;
  description?: string;
  comment?: string;
  copyright?: string;
  /** When it was taken, as it is written in the file. */
  date?: string;
  make?: string;
  model?: string;
  software?: string;
}

type Name = Exclude<keyof VideoTags, keyof OriginTags>;

/** The keys of a fact in the formats, in lower case; the first that is there is taken. */
const KEYS: Record<Name, string[]> = {
  title: ['\xa9nam', 'title', 'com.apple.quicktime.title', 'com.apple.quicktime.displayname'],
  artist: ['\xa9art', 'artist', 'com.apple.quicktime.artist', 'com.apple.quicktime.author'],
  album: ['\xa9alb', 'album', 'com.apple.quicktime.album'],
  genre: ['\xa9gen', 'genre', 'com.apple.quicktime.genre'],
  description: ['desc', 'description', 'com.apple.quicktime.description', 'synopsis'],
  comment: ['\xa9cmt', 'comment', 'com.apple.quicktime.comment'],
  copyright: ['cprt', '\xa9cpy', 'copyright', 'com.apple.quicktime.copyright'],
  date: [
    ...['com.apple.quicktime.creationdate', 'date_recorded', '\xa9day', 'date', 'date_released'],
    'creation_time',
  ],
  make: ['com.apple.quicktime.make', '\xa9mak', 'make', 'com.android.manufacturer'],
  model: ['com.apple.quicktime.model', '\xa9mod', 'model', 'com.android.model'],
  software: ['com.apple.quicktime.software', '\xa9swr', 'software'],
};
const LENGTHS: Partial<Record<Name, number>> = { description: 2000, comment: 1000, date: 32 };

/** Coordinates, as cameras write them into comments. */
const PLACE = /[+-]\d{1,3}\.\d{2,}\s?,?\s?[+-]\d{1,3}\.\d{2,}|\bGPS\b|\blat(itude)?\s?[:=(]/i;

/** ffmpeg's own name, which it writes where a camera writes its software. */
const MUXER = /^Lav[fc]\d/;

/** Reads what a video says of itself, and of how it was made. What is broken is left out. */
export async function readVideoTags(
  path: string,
  { demuxer }: Container,
  signal: AbortSignal,
): Promise<VideoTags> {
  let texts: (readonly [string, string])[] = [];
  const origin = await readOrigin(path, signal, async (file) => {
    texts = await (demuxer === 'matroska' ? readMatroskaTexts(file) : readMp4Texts(file));
    return { texts };
  });
  return { ...pickTags(texts, origin), ...origin };
}

function pickTags(
  texts: readonly (readonly [string, string])[],
  origin: OriginTags,
): Partial<Record<Name, string>> {
  const byKey = new Map<string, string>();
  for (const [key, text] of texts) {
    const name = key.toLowerCase();
    if (!byKey.has(name)) byKey.set(name, text);
  }
  const tags: Partial<Record<Name, string>> = {};
  for (const [name, keys] of Object.entries(KEYS) as [Name, string[]][]) {
    const found = keys.map((key) => byKey.get(key)).find((text) => text?.trim());
    const text = cleanText(found, LENGTHS[name]);
    // What a generator wrote is told by its own name.
    const isOfGenerator = origin.generator !== undefined && /^\s*\{/.test(text ?? '');
    if (text && !PLACE.test(text) && !isOfGenerator && !MUXER.test(text)) tags[name] = text;
  }
  return tags;
}
