import { type IAudioMetadata, type IPicture, parseFromTokenizer } from 'music-metadata';
import type { BoundedFile } from '../bounded-file.ts';
import type { Container } from './containers/container.ts';
import { tagReader } from './tag-reader.ts';

/**
 * What a track says of itself: NFC, without control characters, each value bounded. Absent when not
 * said.
 */
export interface TrackTags {
  title?: string;
  artist?: string;
  album?: string;
  albumArtist?: string;
  genre?: string;
  year?: number;
  date?: string;
  trackNumber?: number;
  trackTotal?: number;
  discNumber?: number;
  discTotal?: number;
  composer?: string;
  copyright?: string;
  isrc?: string;
  comment?: string;
  lyrics?: string;
}

export interface FoundTags {
  tags: TrackTags;
  picture: Pick<IPicture, 'data' | 'format'> | null;
  /** Bytes of pictures, which are no sound. */
  pictureBytes: number;
  warnings: string[];
}

const SHORT = 255;
const COMMENT = 1_000;
const LYRICS = 20_000;
const NOTHING: FoundTags = { tags: {}, picture: null, pictureBytes: 0, warnings: [] };

/** Tags and cover. Never fails a track: what cannot be read is left out, and said. */
export async function readTags(file: BoundedFile, { contentType }: Container): Promise<FoundTags> {
  try {
    const { common } = await parseFromTokenizer(tagReader(file, 0, contentType), {
      duration: false,
    });
    const pictures = common.picture ?? [];
    const front = pictures.find((picture) => /front/i.test(picture.type ?? ''));
    const pictureBytes = pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    return {
      tags: tagsOf(common),
      picture: front ?? pictures[0] ?? null,
      pictureBytes,
      warnings: [],
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    return {
      ...NOTHING,
      warnings: [`The tags could not be read (${clean(why, 120) ?? 'unknown'}).`],
    };
  }
}

function tagsOf(common: IAudioMetadata['common']): TrackTags {
  const { track, disk } = common;
  const year = common.year ?? common.originalyear;
  const lyrics = common.lyrics?.map(
    (entry) => entry.text ?? entry.syncText?.map(({ text }) => text).join('\n'),
  );
  return present({
    title: clean(common.title),
    artist: clean(common.artist ?? common.artists?.join(', ')),
    album: clean(common.album),
    albumArtist: clean(common.albumartist),
    genre: clean(common.genre?.slice(0, 10).join(', ')),
    year: whole(year, 9999),
    date: clean(common.date, 32),
    trackNumber: whole(track.no),
    trackTotal: whole(track.of),
    discNumber: whole(disk.no),
    discTotal: whole(disk.of),
    composer: clean(common.composer?.slice(0, 10).join(', ')),
    copyright: clean(common.copyright),
    isrc: clean(common.isrc?.[0], 32),
    comment: clean(common.comment?.map(({ text }) => text ?? '').find(Boolean), COMMENT),
    lyrics: clean(lyrics?.find(Boolean), LYRICS),
  });
}

/** C0 and C1 controls but line feed, and the marks that turn the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWANTED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

function clean(value: unknown, max = SHORT): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, max * 4)
    .replaceAll('\r\n', '\n')
    .toWellFormed()
    .replaceAll(UNWANTED, '');
  const lines = max > SHORT ? text : text.replaceAll('\n', ' ');
  // Cut by code points, so that no half of a pair is left behind.
  return [...lines.normalize('NFC').trim()].slice(0, max).join('') || undefined;
}

function whole(value: unknown, max = 99_999): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= max
    ? value
    : undefined;
}

function present(tags: { [name in keyof TrackTags]: TrackTags[name] | undefined }): TrackTags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}
