import type { IAudioMetadata } from 'music-metadata';
import { cleanText } from '../metadata/clean-text.ts';

/** What DJs, labels and taggers write into songs. */
export interface MusicTags {
  bpm?: number;
  /** As written: `Am`, `F#`, `8A`, `A minor`… */
  key?: string;
  /** What is said of the version: `Extended Mix`. */
  subtitle?: string;
  mood?: string;
  remixer?: string;
  label?: string;
  catalogNumber?: string;
  barcode?: string;
  acoustId?: string;
  musicBrainz?: MusicBrainzIds;
  replayGain?: ReplayGain;
}

/** Ids of https://musicbrainz.org, by what they identify there. */
interface MusicBrainzIds {
  recordingId?: string;
  trackId?: string;
  releaseId?: string;
  releaseGroupId?: string;
  workId?: string;
  artistIds?: string[];
  releaseArtistIds?: string[];
}

/** Gains in dB towards −18 LUFS, as ReplayGain 2.0 has it; peaks, of 1. */
interface ReplayGain {
  trackGainDb?: number;
  trackPeak?: number;
  albumGainDb?: number;
  albumPeak?: number;
}

type Native = IAudioMetadata['native'];
type Common = IAudioMetadata['common'];

const [LEAST_BPM, MOST_BPM] = [20, 400];
const MOST_LISTED = 10;
/** They are UUIDs; some taggers shorten them. */
const ID = /^[\w-]{8,64}$/;

/** Picks these tags, which are named in the same way in some formats only. */
export function pickMusicTags(common: Common, native: Native): MusicTags {
  const texts = new Map<string, string>();
  for (const [key, text] of listTexts(native)) {
    const name = key.toLowerCase();
    if (!texts.has(name)) texts.set(name, text);
  }
  const join = (values: string[] | undefined) =>
    cleanText(values?.slice(0, MOST_LISTED).join(', '));
  return omitEmpty({
    bpm: parseBpm(common.bpm ?? texts.get('bpm') ?? texts.get('tbpm') ?? texts.get('tempo')),
    key: cleanText(
      common.key ?? texts.get('initialkey') ?? texts.get('initial key') ?? texts.get('key'),
      32,
    ),
    subtitle: join(common.subtitle),
    mood: cleanText(common.mood ?? texts.get('mood')),
    remixer: join(common.remixer),
    label: join(common.label),
    catalogNumber: join(common.catalognumber),
    barcode: cleanText(common.barcode, 32),
    acoustId: parseId(common.acoustid_id),
    musicBrainz: omitEmpty({
      recordingId: parseId(common.musicbrainz_recordingid),
      trackId: parseId(common.musicbrainz_trackid),
      releaseId: parseId(common.musicbrainz_albumid),
      releaseGroupId: parseId(common.musicbrainz_releasegroupid),
      workId: parseId(common.musicbrainz_workid),
      artistIds: parseIds(common.musicbrainz_artistid),
      releaseArtistIds: parseIds(common.musicbrainz_albumartistid),
    }),
    replayGain: readGain(common, texts),
  });
}

/** Lists the texts of all tags by their own names: `TXXX:prompt` and `----:…:prompt` are `prompt`. */
export function listTexts(native: Native): [key: string, text: string][] {
  return Object.values(native).flatMap((tags) =>
    tags.flatMap(({ id, value }): [string, string][] => {
      const text = typeof value === 'string' ? value : (value as { text?: unknown } | null)?.text;
      const key = id.replace(/^(TXXX|----):(.*:)?/s, '').replace(/^COMM(:.*)?$/s, 'comment');
      return typeof text === 'string' ? [[key, text]] : [];
    }),
  );
}

function readGain(common: Common, texts: ReadonlyMap<string, string>): ReplayGain | undefined {
  const find = (name: string) => parseDecibels(texts.get(name));
  // Opus counts in 256ths of a dB, towards −23 LUFS (RFC 7845 §5.2.1).
  const findOpus = (name: string) => {
    const steps = parseDecibels(texts.get(name));
    return steps === undefined ? undefined : steps / 256 + 5;
  };
  const gain = (name: 'track' | 'album') =>
    round(
      find(`replaygain_${name}_gain`) ??
        common[`replaygain_${name}_gain`]?.dB ??
        findOpus(`r128_${name}_gain`),
    );
  const peak = (name: 'track' | 'album') => {
    const value = find(`replaygain_${name}_peak`) ?? common[`replaygain_${name}_peak`]?.ratio;
    return value !== undefined && value >= 0 && value < 100 ? value : undefined;
  };
  return omitEmpty({
    trackGainDb: gain('track'),
    trackPeak: peak('track'),
    albumGainDb: gain('album'),
    albumPeak: peak('album'),
  });
}

function round(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) <= 100 ? Math.round(value * 100) / 100 : undefined;
}

/** `-6.54 dB`, also with a comma. */
function parseDecibels(text: string | undefined): number | undefined {
  const found = /^\s*([+-]?\d{1,6}(?:[.,]\d{1,9})?)(?:\s*dB)?\s*$/i.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found.replace(',', '.'));
}

function parseBpm(value: unknown): number | undefined {
  const bpm = Number(
    String(value ?? '')
      .trim()
      .replace(',', '.'),
  );
  return bpm >= LEAST_BPM && bpm <= MOST_BPM ? Math.round(bpm * 100) / 100 : undefined;
}

function parseId(text: string | undefined): string | undefined {
  return text && ID.test(text) ? text : undefined;
}

/** Some writers put all of them into one text. */
function parseIds(texts: string[] | undefined): string[] | undefined {
  const ids = (texts ?? [])
    .flatMap((text) => text.split(/[/;,\s]+/))
    .flatMap((id) => parseId(id) ?? []);
  return ids.length > 0 ? ids.slice(0, MOST_LISTED) : undefined;
}

/** Without what is missing; undefined when nothing is left. */
function omitEmpty<T extends object>(tags: { [K in keyof T]: T[K] | undefined }): T;
function omitEmpty<T extends object>(tags: T): T | undefined {
  const found = Object.entries(tags).filter(([, value]) => value !== undefined);
  return found.length > 0 ? (Object.fromEntries(found) as T) : undefined;
}
