import coverOfSong from './cover-of-song.json' with { type: 'json' };
import coverPicture from './cover-picture.json' with { type: 'json' };
import enlargePicture from './enlarge-picture.json' with { type: 'json' };
import extendSong from './extend-song.json' with { type: 'json' };
import gradientPicture from './gradient-picture.json' with { type: 'json' };
import loopSong from './loop-song.json' with { type: 'json' };
import pictureToVideo from './picture-to-video.json' with { type: 'json' };
import stillVideo from './still-video.json' with { type: 'json' };
import textToSong from './text-to-song.json' with { type: 'json' };
import upscale from './upscale.json' with { type: 'json' };

/** A workflow that comes with the product, in the form that `POST /v1/comfyui/workflows` takes, and more. */
export interface ShippedWorkflow {
  name: string;
  description: string;
  /** Its price, in credits. */
  creditCost: number;
  /** The files that it needs on the pod, and what their licences allow. None: it runs anywhere. */
  models: {
    file: string;
    /** The folder under ComfyUI's `models/`. */
    folder: string;
    source: string;
    /** By SPDX. */
    licence: string;
    /** Whether what it makes may be used commercially. */
    isCommercial: boolean;
  }[];
  graph: Record<string, { class_type: string; inputs: Record<string, unknown> }>;
  parameters: {
    name: string;
    type: string;
    path: string;
    default?: unknown;
    min?: number;
    max?: number;
    required?: boolean;
  }[];
  outputs: { node: string; kind: string }[];
  /** Values to try it with, beside the media that it takes. */
  example: Record<string, unknown>;
}

/** All of them; those that need no model first. */
export const shippedWorkflows: ShippedWorkflow[] = [
  gradientPicture,
  enlargePicture,
  loopSong,
  stillVideo,
  textToSong,
  extendSong,
  coverOfSong,
  coverPicture,
  pictureToVideo,
  upscale,
];
