import { type IAudioMetadata, type IPicture, parseFromTokenizer } from 'music-metadata';
import type { BoundedFile } from '../bounded-file.ts';
import { cleanText } from '../metadata/clean-text.ts';
import type { Container } from './containers/container.ts';
import { listTexts, type MusicTags, pickMusicTags } from './music-tags.ts';
import { openTagReader } from './tag-reader.ts';

/**
 * The tags of a track: NFC, without control characters, each of bounded length. Missing tags are
 * absent.
 */
export interface TrackTags extends MusicTags {
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
  /** The texts of all tags, by their own names. */
  texts: [key: string, text: string][];
  picture: Pick<IPicture, 'data' | 'format'> | null;
  /** Bytes of embedded pictures, to subtract from the size of the file. */
  pictureBytes: number;
  warnings: string[];
}

const MOST_IN_COMMENT = 1_000;
const MOST_IN_LYRICS = 20_000;
const NO_TAGS: FoundTags = { tags: {}, texts: [], picture: null, pictureBytes: 0, warnings: [] };

/**
 * Reads tags and cover. Never fails a track: tags that cannot be read are left out, with a warning.
 */
export async function readTags(file: BoundedFile, { contentType }: Container): Promise<FoundTags> {
  try {
    const { common, native } = await parseFromTokenizer(openTagReader(file, 0, contentType), {
      duration: false,
    });
    const pictures = common.picture ?? [];
    const front = pictures.find((picture) => /front/i.test(picture.type ?? ''));
    const pictureBytes = pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    return {
      tags: { ...pickTags(common), ...pickMusicTags(common, native) },
      texts: listTexts(native),
      picture: front ?? pictures[0] ?? null,
      pictureBytes,
      warnings: [],
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    return {
      ...NO_TAGS,
      warnings: [`The tags could not be read (${cleanText(why, 120) ?? 'unknown'}).`],
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
