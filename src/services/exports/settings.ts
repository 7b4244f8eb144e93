import Joi from 'joi';
import { joinPath } from '../../clip.ts';
import type { UUID } from '../../data/ids.ts';
import type { Fault } from '../../errors.ts';
import type { ExportFormat } from '../../models/exports/export.ts';
import { idInput } from '../jobs/input.ts';
import type { PictureSettings } from './picture/picture-settings.ts';
import { pictureKeys } from './picture/picture-settings.ts';
import { plainText } from './plain-text.ts';
import { TAG_NAMES, type TagName } from './plan.ts';

// What clients may ask of an export, by format. docs/exports.md says the same with examples.

export interface ClipSettings {
  track?: UUID;
  audio?: UUID;
  from: number;
  to?: number;
  gain: number;
  fadeIn: number;
  fadeOut: number;
  at: number;
}

/** The settings of a format, with defaults; those of other formats are absent. */
export interface ExportSettings extends PictureSettings {
  clips?: ClipSettings[];
  arrangement: 'SEQUENCE' | 'MIX';
  crossfade: number;
  normalize: boolean;
  loudness: { target: number; truePeak: number };
  sampleRate?: 44_100 | 48_000;
  tags: Partial<Record<TagName, string>>;
  cover?: UUID | null;
  preview: boolean;
  quality: 'V0' | '320K';
  bitDepth: 16 | 24 | 'FLOAT';
  bitRate: number;
  contents: 'PROJECT' | 'STEMS';
}

/** The most clips of an export, and of a mix, in which all of them sound at once. */
export const MOST_CLIPS = 200;
export const MOST_MIXED = 48;
/** The longest export, in seconds. */
export const MOST_SECONDS = 14_400;

/** The most keys of a body with settings: as many clips, pictures and titles as there may be, all of each said. */
export const MOST_KEYS = 10_000;
const LONGEST_TAG = 255;

const number = () => Joi.number().strict();
const seconds = (max = MOST_SECONDS) => number().min(0).max(max);

const clip = Joi.object({
  track: idInput(),
  audio: idInput(),
  from: seconds().default(0),
  to: seconds().greater(Joi.ref('from')),
  gain: number().min(-60).max(20).default(0),
  fadeIn: seconds(60).default(0),
  fadeOut: seconds(60).default(0),
  at: seconds().default(0),
}).xor('track', 'audio');

const soundKeys = {
  clips: Joi.array().items(clip).min(1).max(MOST_CLIPS),
  arrangement: Joi.valid('SEQUENCE', 'MIX').default('SEQUENCE'),
  crossfade: seconds(30).default(0),
  normalize: Joi.boolean().strict().default(true),
  loudness: Joi.object({
    target: number().min(-40).max(-8).default(-14),
    truePeak: number().min(-12).max(-1).default(-1),
  }).default({ target: -14, truePeak: -1 }),
  preview: Joi.boolean().strict().default(false),
};

const tagKeys = {
  tags: Joi.object(
    Object.fromEntries(TAG_NAMES.map((name) => [name, plainText(LONGEST_TAG)])),
  ).default({}),
  cover: idInput().allow(null),
};

const sampleRate = { sampleRate: Joi.valid(44_100, 48_000) };
const bitRate = (least: number, most: number, usual: number) => ({
  bitRate: number().integer().min(least).max(most).default(usual),
});

const schemas: Record<ExportFormat, Joi.ObjectSchema> = {
  MP3: Joi.object({
    ...{ ...soundKeys, ...tagKeys, ...sampleRate },
    quality: Joi.valid('V0', '320K').default('V0'),
  }),
  WAV: Joi.object({
    ...{ ...soundKeys, ...tagKeys, ...sampleRate },
    bitDepth: Joi.valid(16, 24, 'FLOAT').default(24),
  }),
  FLAC: Joi.object({
    ...{ ...soundKeys, ...tagKeys, ...sampleRate },
    bitDepth: Joi.valid(16, 24).default(24),
  }),
  M4A: Joi.object({ ...soundKeys, ...tagKeys, ...sampleRate, ...bitRate(96, 320, 256) }),
  OPUS: Joi.object({ ...soundKeys, ...tagKeys, ...bitRate(64, 256, 160) }),
  MP4: Joi.object({ ...soundKeys, tags: tagKeys.tags, ...pictureKeys }),
  ZIP: Joi.object({ contents: Joi.valid('PROJECT', 'STEMS').default('PROJECT') }),
};

/** What is right in settings, and what is not. */
export interface CheckedSettings {
  settings: ExportSettings;
  faults: Fault[];
  /** Where the faults are, within the settings. */
  paths: (string | number)[][];
}

/** Checks the settings of a format. What is valid is answered even where there are faults. */
export function checkSettings(format: ExportFormat, settings: object): CheckedSettings {
  const { value, error } = schemas[format].validate(settings, {
    abortEarly: false,
    errors: { label: false },
    messages: { 'number.greater': 'must be greater than `from`' },
  });
  const details = error?.details ?? [];
  const faults = details.map(({ path, message }) => {
    return { path: joinPath(['settings', ...path]), message };
  });
  return { settings: value, faults, paths: details.map(({ path }) => path) };
}
