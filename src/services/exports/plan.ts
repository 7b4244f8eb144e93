import type { ExportFormat } from '../../models/exports/export.ts';
import type { ProjectStatus } from '../../models/projects/project.ts';
import type { GeneratedTerm } from '../media/metadata/source-type.ts';
import type { PicturePlan } from './picture/picture-plan.ts';

// A plan is what an export is made of, with nothing left to choose: which bytes, in which order, how
// long. It is JSON, so that a job can store it, and its hash says whether two exports are the same.

/** The uploaded bytes of a medium. */
export interface Source {
  /** `Track`, `Audio`, `Image` or `Video`. */
  entity: string;
  /** The id as text. */
  id: string;
  name: string;
  fileName: string;
  key: string;
  etag: string;
  /** In bytes. */
  size: number;
}

/** A piece of sound. */
export interface Clip {
  source: Source;
  channels: number;
  sampleRate: number;
  /** Where it begins and ends in its source, in seconds; without an end it goes on to the last sample. */
  from: number;
  to: number | null;
  /** As known before decoding, in seconds. */
  seconds: number;
  /** In dB. */
  gain: number;
  /** In seconds. */
  fadeIn: number;
  fadeOut: number;
  /** In a mix: where it begins, in seconds. */
  at: number;
}

/** What becomes of the sound before it is encoded. */
export interface SoundPlan {
  clips: Clip[];
  arrangement: 'SEQUENCE' | 'MIX';
  /** Between clips in sequence, in seconds. */
  crossfade: number;
  sampleRate: number;
  /** Null: as loud as it is. */
  loudness: LoudnessTarget | null;
}

export interface LoudnessTarget {
  /** In LUFS. */
  target: number;
  /** The most that the encoded file may reach, in dBTP. */
  truePeak: number;
}

/** How sound is encoded. */
export interface SoundEncoding {
  codec: 'MP3' | 'WAV' | 'FLAC' | 'AAC' | 'OPUS';
  /** In kbit/s; null where the codec has none, or varies it by quality. */
  bitRate: number | null;
  bitDepth: 16 | 24 | 'FLOAT';
}

/** Written into the file. */
export type Tags = Partial<Record<TagName, string>>;
export const TAG_NAMES = [
  ...(['title', 'artist', 'album', 'albumArtist', 'genre', 'date'] as const),
  ...(['trackNumber', 'composer', 'copyright', 'comment'] as const),
] as const;
export type TagName = (typeof TAG_NAMES)[number];

export interface RenderPlan {
  format: Exclude<ExportFormat, 'ZIP'>;
  /** The base of the file's name. */
  name: string;
  sound: SoundPlan;
  encoding: SoundEncoding;
  tags: Tags;
  /** The S3 key of a picture that we made ourselves. */
  cover: { key: string } | null;
  picture: PicturePlan | null;
  /** What the file says of itself where something in it was generated. */
  origin?: ExportOrigin;
}

/** How what an export is made of came to be. */
export interface ExportOrigin {
  term?: GeneratedTerm;
  /** Media whose content credentials (C2PA) are not in the file: it is other bytes than they sign. */
  credentialsOf?: string[];
}

/** A ZIP with originals, and a manifest that says what they are. */
export interface ArchivePlan {
  format: 'ZIP';
  name: string;
  manifest: Manifest;
  /** In the order of the manifest's media. */
  sources: Source[];
}

export type ExportPlan = RenderPlan | ArchivePlan;

/** `manifest.json` in a ZIP. */
export interface Manifest {
  format: 'mixdown-project';
  version: 1;
  project: {
    name: string;
    description?: string;
    settings: object;
    status?: ProjectStatus;
    coverImage?: string;
  };
  media: ManifestMedium[];
}

/** A medium of the project, with what its owner said of it. */
export interface ManifestMedium {
  kind: 'TRACK' | 'AUDIO' | 'IMAGE' | 'VIDEO';
  /** As it was; an import gives a new one. */
  id: string;
  /** Its path in the ZIP. */
  file: string;
  fileName: string;
  contentType: string;
  size: number;
  /** Base64 of the SHA-256 of its bytes. */
  checksum: string;
  /** Fields that clients write: `name`, `artist`… */
  fields: Record<string, string | number>;
  /** Fields that refer to another medium in the ZIP, such as the track of a video, by its id here. */
  relations?: Record<string, string>;
  /** Of what was generated: the ids here of the media that it was made from, and how. */
  madeFrom?: string[];
  lineage?: object;
}
