import type { UUID } from '../../../data/ids.ts';
import type { OutputKind } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { AUDIO_LIMITS } from '../../media/audio/limits.ts';
import { IMAGE_LIMITS } from '../../media/image/limits.ts';

/** A file of a run that becomes a medium, whose id is chosen before it is fetched: so none is stored twice. */
export interface PlannedFile {
  node: string;
  kind: OutputKind;
  fileName: string;
  subfolder?: string | null;
  medium: UUID;
  isStored: boolean;
  /** Its size, where it has been fetched already, to be reviewed before it becomes a medium. */
  stagedBytes?: number | null;
}

/** What an output of a kind becomes: its entity, and the field of an execution that refers to it. */
export const MEDIA: Record<OutputKind, { entity: string; field: string; bytes: number }> = {
  IMAGE: { entity: 'Image', field: 'image', bytes: IMAGE_LIMITS.bytes },
  VIDEO: { entity: 'Video', field: 'video', bytes: 8_000_000_000 },
  AUDIO: { entity: 'Audio', field: 'audio', bytes: AUDIO_LIMITS.bytes },
  TRACK: { entity: 'Track', field: 'track', bytes: AUDIO_LIMITS.bytes },
};

/** The types of what ComfyUI saves, by the extensions of its files. */
const TYPES: Record<string, string> = {
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', webp: 'image/webp' },
  ...{ gif: 'image/gif', avif: 'image/avif', tiff: 'image/tiff' },
  ...{ mp4: 'video/mp4', webm: 'video/webm', mov: 'video/quicktime', mkv: 'video/x-matroska' },
  ...{ wav: 'audio/wav', mp3: 'audio/mpeg', flac: 'audio/flac', ogg: 'audio/ogg' },
  ...{ opus: 'audio/ogg', m4a: 'audio/mp4' },
};

const DEFAULT_TYPES: Record<OutputKind, string> = {
  ...{ IMAGE: 'image/png', VIDEO: 'video/mp4', AUDIO: 'audio/flac', TRACK: 'audio/flac' },
};

/** The type that a file is declared to have. What it is in truth is found when it is processed. */
export function guessType(kind: OutputKind, fileName: string): string {
  const type = TYPES[readExtension(fileName)];
  const family = kind === 'TRACK' ? 'audio' : kind.toLowerCase();
  return type?.startsWith(`${family}/`) ? type : DEFAULT_TYPES[kind];
}

/** The kind of a file of which the workflow says nothing; undefined where its name says nothing either. */
export function guessKind(fileName: string): OutputKind | undefined {
  const family = TYPES[readExtension(fileName)]?.split('/')[0];
  return family ? (family.toUpperCase() as OutputKind) : undefined;
}

function readExtension(fileName: string): string {
  return /\.([a-z0-9]{1,5})$/i.exec(fileName)?.[1]?.toLowerCase() ?? '';
}

/** The name of a file as it is told to people: it is never a path. */
export function cleanFileName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  const clean = last.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, '_').toWellFormed();
  return clean.slice(-200).replace(/^\.+/, '') || 'output';
}
