import { type IAudioMetadata, type IPicture, parseFromTokenizer } from 'music-metadata';
import type { BoundedFile } from '../bounded-file.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';
import type { Container } from './containers/container.ts';
import { openTagReader } from './tag-reader.ts';

/**
 * The tags of a track: NFC, without control characters, each of bounded length. Missing tags are
 * absent.
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
  /** Covers, the best first; the first that can be used is. */
  pictures: Pick<IPicture, 'data'>[];
  /** Bytes of embedded pictures, to subtract from the size of the file. */
  pictureBytes: number;
  warnings: MediaWarning[];
}

const MOST_CHARACTERS = 255;
const MOST_IN_COMMENT = 1_000;
const MOST_IN_LYRICS = 20_000;
/** Formats whose tags, if they have any, the library does not read. */
const UNTAGGED = ['audio/basic', 'audio/amr', 'audio/amr-wb', 'audio/x-caf'];
const NO_TAGS: FoundTags = { tags: {}, pictures: [], pictureBytes: 0, warnings: [] };

/**
 * Reads tags and cover. Never fails a track: tags that cannot be read are left out, with a warning.
 */
export async function readTags(file: BoundedFile, { contentType }: Container): Promise<FoundTags> {
  if (UNTAGGED.includes(contentType)) return NO_TAGS;
  try {
    const { common } = await parseFromTokenizer(openTagReader(file, 0, contentType), {
      duration: false,
    });
    const pictures = common.picture ?? [];
    const isFront = ({ type }: IPicture) => /front/i.test(type ?? '');
    const pictureBytes = pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    return {
      tags: pickTags(common),
      pictures: [...pictures.filter(isFront), ...pictures.filter((one) => !isFront(one))],
      pictureBytes,
      warnings: [],
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    return {
      ...NO_TAGS,
      warnings: [
        buildWarning(
          'TAGS_UNREADABLE',
          `The tags could not be read (${cleanText(why, 120) ?? 'unknown'}).`,
        ),
      ],
    };
  }
}

function pickTags(common: IAudioMetadata['common']): TrackTags {
  const { track, disk } = common;
  const year = common.year ?? common.originalyear;
  const lyrics = common.lyrics?.map(
    (entry) => entry.text ?? entry.syncText?.map(({ text }) => text).join('\n'),
  );
  return omitUndefined({
    title: cleanText(common.title),
    artist: cleanText(common.artist ?? common.artists?.join(', ')),
    album: cleanText(common.album),
    albumArtist: cleanText(common.albumartist),
    genre: cleanText(common.genre?.slice(0, 10).join(', ')),
    year: cleanInteger(year, 9999),
    date: cleanText(common.date, 32),
    trackNumber: cleanInteger(track.no),
    trackTotal: cleanInteger(track.of),
    discNumber: cleanInteger(disk.no),
    discTotal: cleanInteger(disk.of),
    composer: cleanText(common.composer?.slice(0, 10).join(', ')),
    copyright: cleanText(common.copyright),
    isrc: cleanText(common.isrc?.[0], 32),
    comment: cleanText(
      common.comment?.map(({ text }) => text ?? '').find(Boolean),
      MOST_IN_COMMENT,
    ),
    lyrics: cleanText(lyrics?.find(Boolean), MOST_IN_LYRICS),
  });
}

/**
 * C0 and C1 control characters except line feed, bidirectional overrides and isolates, byte order
 * marks.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const UNWANTED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

function cleanText(value: unknown, max = MOST_CHARACTERS): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, max * 4)
    .replaceAll('\r\n', '\n')
    .toWellFormed()
    .replaceAll(UNWANTED, '');
  const lines = max > MOST_CHARACTERS ? text : text.replaceAll('\n', ' ');
  // Cut by code points, so that no surrogate pair is split.
  return [...lines.normalize('NFC').trim()].slice(0, max).join('') || undefined;
}

function cleanInteger(value: unknown, max = 99_999): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= max
    ? value
    : undefined;
}

function omitUndefined(
  tags: { [name in keyof TrackTags]: TrackTags[name] | undefined },
): TrackTags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}
