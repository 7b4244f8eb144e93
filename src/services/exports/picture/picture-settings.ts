import Joi from 'joi';
import { hasAtMost } from '../../../data/characters.ts';
import type { UUID } from '../../../data/ids.ts';
import { idInput } from '../../jobs/input.ts';
import { plainText } from '../plain-text.ts';

export const ASPECT_RATIOS = {
  '16:9': [16, 9],
  '9:16': [9, 16],
  '1:1': [1, 1],
  '4:5': [4, 5],
} as const;
export const VISUALIZERS = ['WAVEFORM', 'SPECTRUM', 'BARS', 'CIRCLE'] as const;
const POSITIONS = ['TOP', 'CENTER', 'BOTTOM'] as const;

export interface TitleSettings {
  text: string;
  from: number;
  to: number;
  position: (typeof POSITIONS)[number];
}

type LyricsSettings = { source: 'TRACK' } | { format: 'LRC' | 'SRT'; text: string };

export interface SlideshowSettings {
  type: 'SLIDESHOW';
  images?: { image: UUID; seconds?: number }[];
  motion: 'KEN_BURNS' | 'NONE';
  crossfade: number;
  cutToBeat: boolean;
}

export interface VideosSettings {
  type: 'VIDEOS';
  videos?: { video: UUID; from: number; to?: number }[];
}

export interface VisualizerSettings {
  type: 'VISUALIZER';
  style: (typeof VISUALIZERS)[number];
  /** `#rrggbb`. */
  color: string;
  background: string;
  backgroundImage?: UUID;
}

/** What clients may ask of the pictures of an MP4. */
export interface PictureSettings {
  picture?: SlideshowSettings | VideosSettings | VisualizerSettings;
  aspectRatio: keyof typeof ASPECT_RATIOS;
  /** The shorter side, in pixels. */
  resolution: number;
  fps: number;
  titles: TitleSettings[];
  lyrics?: LyricsSettings;
}

/** Samples of 48 kHz divide evenly among the frames of these. */
const RATES = [24, 25, 30, 48, 50, 60];
const RESOLUTIONS = [360, 480, 720, 1080];
export const MOST_PICTURES = 100;
const MOST_TITLES = 50;
const LONGEST_TITLE = 200;
/** A title without an end stays so long, in seconds. */
const TITLE_SECONDS = 5;
const LONGEST_LYRICS = 200_000;

const number = () => Joi.number().strict();
const seconds = () => number().min(0).max(14_400);
/** A text of at most so many characters, as people count them. */
const text = (max: number) =>
  Joi.string().custom((value: string, { error }) =>
    hasAtMost(value, max) ? value : error('string.max', { limit: max }),
  );
const color = () => Joi.string().pattern(/^#[0-9a-f]{6}$/i, '#rrggbb');

const slideshow = {
  images: Joi.array()
    .items(Joi.object({ image: idInput().required(), seconds: number().min(0.5).max(3600) }))
    .min(1)
    .max(MOST_PICTURES),
  motion: Joi.valid('KEN_BURNS', 'NONE').default('KEN_BURNS'),
  crossfade: number().min(0).max(5).default(1),
  cutToBeat: Joi.boolean().strict().default(false),
};
const videos = {
  videos: Joi.array()
    .items(
      Joi.object({
        video: idInput().required(),
        from: seconds().default(0),
        to: seconds().greater(Joi.ref('from')),
      }),
    )
    .min(1)
    .max(MOST_PICTURES),
};
const visualizer = {
  style: Joi.valid(...VISUALIZERS).default('WAVEFORM'),
  color: color().default('#ffffff'),
  background: color().default('#101418'),
  backgroundImage: idInput(),
};
const choose = (is: string, keys: Joi.SchemaMap) => ({
  is,
  // biome-ignore lint/suspicious/noThenProperty: joi's own word
  then: Joi.object({ type: Joi.valid(is), ...keys }).unknown(false),
});

export const pictureKeys = {
  picture: Joi.object({ type: Joi.valid('SLIDESHOW', 'VIDEOS', 'VISUALIZER').required() })
    .unknown()
    .when('.type', {
      switch: [
        choose('SLIDESHOW', slideshow),
        choose('VIDEOS', videos),
        choose('VISUALIZER', visualizer),
      ],
    }),
  aspectRatio: Joi.valid(...Object.keys(ASPECT_RATIOS)).default('16:9'),
  resolution: Joi.valid(...RESOLUTIONS).default(1080),
  fps: Joi.valid(...RATES).default(30),
  titles: Joi.array()
    .items(
      Joi.object({
        text: plainText(LONGEST_TITLE).required(),
        from: seconds().default(0),
        to: seconds()
          .greater(Joi.ref('from'))
          .default(({ from = 0 }) => from + TITLE_SECONDS),
        position: Joi.valid(...POSITIONS).default('CENTER'),
      }),
    )
    .max(MOST_TITLES)
    .default([]),
  lyrics: Joi.alternatives().conditional('.source', {
    is: Joi.exist(),
    // biome-ignore lint/suspicious/noThenProperty: joi's own word
    then: Joi.object({ source: Joi.valid('TRACK').required() }),
    otherwise: Joi.object({
      format: Joi.valid('LRC', 'SRT').required(),
      text: text(LONGEST_LYRICS).required(),
    }),
  }),
};
