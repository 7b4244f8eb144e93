import { basename } from 'node:path';
import type { PicturePlan } from '../../src/services/exports/picture/picture-plan.ts';
import type { RenderPlan, Source } from '../../src/services/exports/plan.ts';

/** Of the videos. */
export const SIZE = { width: 1920, height: 1080, fps: 30 };
/** Of all sounds. */
export const TARGET = { target: -14, truePeak: -1 };

/** A file that lies in S3. */
export type Stored = Pick<Source, 'key' | 'etag' | 'size'>;

/** Plans an MP3 of songs in sequence, two seconds of each over the next. */
export function planSound(songs: Stored[]): RenderPlan {
  return plan('MP3', songs, { crossfade: 2 });
}

/** Plans an MP4 of so many seconds of a song. */
export function planVideo(song: Stored, show: PicturePlan['show'], seconds: number): RenderPlan {
  const picture = { ...SIZE, show, titles: [], cues: [], isPreview: false };
  return { ...plan('MP4', [song], { to: seconds }), picture };
}

/** Pictures that move and fade over each other. */
export function showPictures(pictures: Stored[]): PicturePlan['show'] {
  const images = pictures.map((stored) => {
    return { source: describe('Image', stored), orientation: 1, seconds: null };
  });
  return { type: 'SLIDESHOW', images, isMoving: true, crossfade: 1, bpm: null };
}

/** Waves over a colour. */
export const WAVES: PicturePlan['show'] = {
  ...{ type: 'VISUALIZER', style: 'WAVEFORM', color: '#ffffff', background: '#101020' },
  image: null,
};

function plan(
  format: 'MP3' | 'MP4',
  songs: Stored[],
  { crossfade = 0, to = null }: { crossfade?: number; to?: number | null },
): RenderPlan {
  const clips = songs.map((stored) => ({
    source: describe('Track', stored),
    ...{ channels: 2, sampleRate: 44_100, from: 0, to, seconds: to ?? 0 },
    ...{ gain: 0, fadeIn: 0, fadeOut: 0, at: 0 },
  }));
  const sound = { clips, crossfade, arrangement: 'SEQUENCE', sampleRate: 44_100 } as const;
  return {
    ...{ format, name: 'bench', tags: {}, cover: null, picture: null },
    sound: { ...sound, loudness: TARGET },
    encoding: { codec: format === 'MP3' ? 'MP3' : 'AAC', bitRate: null, bitDepth: 16 },
  };
}

function describe(entity: string, stored: Stored): Source {
  const fileName = basename(stored.key);
  return { entity, id: fileName, name: fileName, fileName, ...stored };
}
