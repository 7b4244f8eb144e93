import { type IAudioMetadata, type IPicture, parseFromTokenizer } from 'music-metadata';
import type { BoundedFile } from '../bounded-file.ts';
import { cleanText } from '../metadata/clean-text.ts';
import { repairMisreadUtf8 } from '../text-encoding.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';
import type { Container } from './containers/container.ts';
import { measureId3 } from './containers/mpeg-audio.ts';
import { rewriteId3 } from './id3-rewrite.ts';
import { decodeLatin1Tags, keepBytes, type LegacyTexts, warnOfEncodings } from './legacy-texts.ts';
import { listTexts, type MusicTags, pickMusicTags } from './music-tags.ts';
import { openTagReader } from './tag-reader.ts';

/**
 * The tags of a track: NFC, without control characters, each of bounded length. Missing tags are
 * absent.
 */
export interface TrackTags extends MusicTags {
  title?: string;
  /** All artists, joined by commas. */
  artist?: string;
  artists?: string[];
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
  /** Base64 of texts in an encoding that could not be told, by the names of their tags. */
  undecoded?: Record<string, string>;
}

export interface FoundTags {
  tags: TrackTags;
  /** The texts of all tags, by their own names. */
  texts: [key: string, text: string][];
  /** Covers, the best first; the first that can be used is. */
  pictures: Pick<IPicture, 'data'>[];
  /** Bytes of embedded pictures, to subtract from the size of the file. */
  pictureBytes: number;
  warnings: MediaWarning[];
}

const MOST_ARTISTS = 50;
const MOST_LISTED = 10;
const MOST_ID3_BYTES = 16 * 1024 * 1024;
const MOST_IN_COMMENT = 1_000;
const MOST_IN_LYRICS = 20_000;
/** Formats whose tags, if they have any, the library does not read. */
const UNTAGGED = ['audio/basic', 'audio/amr', 'audio/amr-wb', 'audio/x-caf'];
const NO_TAGS: FoundTags = { tags: {}, texts: [], pictures: [], pictureBytes: 0, warnings: [] };

/**
 * Reads tags and cover. Never fails a track: tags that cannot be read are left out, with a warning.
 */
export async function readTags(file: BoundedFile, { contentType }: Container): Promise<FoundTags> {
  if (UNTAGGED.includes(contentType)) return NO_TAGS;
  try {
    const { view, id3 } = await openRewritten(file);
    const options = { duration: false };
    const found = await parseFromTokenizer(openTagReader(view, 0, contentType), options);
    const { common, native } = found;
    const pictures = common.picture ?? [];
    const isFront = ({ type }: IPicture) => /front/i.test(type ?? '');
    const pictureBytes = pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    const latin1 = await decodeLatin1Tags(native);
    const texts = [id3, latin1].filter((one) => one !== null);
    return {
      tags: {
        ...pickTags(common, latin1?.decode ?? repairMisreadUtf8),
        ...pickMusicTags(common, native),
        ...keepBytes(texts),
      },
      texts: listTexts(native),
      pictures: [...pictures.filter(isFront), ...pictures.filter((one) => !isFront(one))],
      pictureBytes,
      warnings: warnOfEncodings(texts),
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

/** The file, and its ID3 tag, if it has one, as it was meant. */
async function openRewritten(
  file: BoundedFile,
): Promise<{ view: BoundedFile; id3: LegacyTexts | null }> {
  const head = await file.read(0, 10);
  const size = measureId3(head);
  if (size === 0 || size > Math.min(file.size, MOST_ID3_BYTES)) return { view: file, id3: null };
  const rewritten = await rewriteId3(await file.read(0, size));
  if (!rewritten) return { view: file, id3: null };
  const { bytes, encoding, legacy } = rewritten;
  return { view: replaceStart(file, size, bytes), id3: encoding && { encoding, legacy } };
}

/** The file with other bytes in place of its first ones. */
function replaceStart(file: BoundedFile, length: number, bytes: Buffer): BoundedFile {
  return {
    size: file.size - length + bytes.length,
    async read(offset, count) {
      const own = bytes.subarray(offset, offset + count);
      if (own.length === count) return own;
      const from = Math.max(0, offset - bytes.length) + length;
      return Buffer.concat([own, await file.read(from, count - own.length)]);
    },
    close: () => file.close(),
  };
}

function pickTags(common: IAudioMetadata['common'], decode: (text: string) => string): TrackTags {
  const { track, disk } = common;
  const year = common.year ?? common.originalyear;
  const lyrics = common.lyrics?.map(
    (entry) => entry.text ?? entry.syncText?.map(({ text }) => text).join('\n'),
  );
  const clean = (value: unknown, max?: number) =>
    cleanText(typeof value === 'string' ? decode(value) : value, max);
  const join = (values: readonly string[] | undefined) =>
    cleanText(values?.slice(0, MOST_LISTED).map(decode).join(', '));
  const artists = (common.artists ?? (common.artist ? [common.artist] : []))
    .slice(0, MOST_ARTISTS)
    .flatMap((artist) => clean(artist) ?? []);
  return omitUndefined({
    title: clean(common.title),
    artist: cleanText(artists.join(', ')),
    artists: artists.length > 0 ? [...new Set(artists)] : undefined,
    album: clean(common.album),
    albumArtist: join(common.albumartists) ?? clean(common.albumartist),
    genre: join(common.genre),
    year: cleanInteger(year, 9999),
    date: clean(common.date, 32),
    trackNumber: cleanInteger(track.no),
    trackTotal: cleanInteger(track.of),
    discNumber: cleanInteger(disk.no),
    discTotal: cleanInteger(disk.of),
    composer: join(common.composer),
    copyright: clean(common.copyright),
    isrc: clean(common.isrc?.[0], 32),
    comment: clean(common.comment?.map(({ text }) => text ?? '').find(Boolean), MOST_IN_COMMENT),
    lyrics: clean(lyrics?.find(Boolean), MOST_IN_LYRICS),
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
