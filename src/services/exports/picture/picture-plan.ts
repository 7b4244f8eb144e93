import type { Source } from '../plan.ts';
import type { TitleSettings, VISUALIZERS } from './picture-settings.ts';

/** What is seen in an MP4. */
export interface PicturePlan {
  width: number;
  height: number;
  fps: number;
  show: Slideshow | Videos | Visualizer;
  titles: TitleSettings[];
  cues: Cue[];
  isPreview: boolean;
}

/** A line of lyrics, in seconds of the export. */
export interface Cue {
  from: number;
  to: number;
  text: string;
}

export interface Slideshow {
  type: 'SLIDESHOW';
  images: { source: Source; orientation: number; seconds: number | null }[];
  isMoving: boolean;
  crossfade: number;
  /** The tempo to cut to; null: not to any beat. */
  bpm: number | null;
}

export interface Videos {
  type: 'VIDEOS';
  /** In seconds of their sources. */
  videos: {
    source: Source;
    width: number;
    height: number;
    hdr: 'PQ' | 'HLG' | null;
    from: number;
    to: number;
  }[];
}

export interface Visualizer {
  type: 'VISUALIZER';
  style: (typeof VISUALIZERS)[number];
  color: string;
  background: string;
  image: { source: Source; orientation: number } | null;
}
