import { isWithin, type Times } from './open.ts';
import type { DecodedShape } from './poster.ts';
import type { Made } from './preview.ts';
import type { Heard } from './sound.ts';
import type { Work } from './work.ts';

/** All that was found in a video. */
export interface VideoFacts {
  video: {
    durationSeconds: number;
    /** As it is shown, after rotation. */
    width: number;
    height: number;
    /** Frames a second on average; none of a single picture. */
    frameRate?: number;
    codec: string;
    bitRate: number;
    /** In degrees, clockwise: how its frames are turned to be shown. */
    rotation: number;
    hasAudio: boolean;
    variableFrameRate: boolean;
    hdr: boolean;
    /** How light is coded, where the dynamic range is high. */
    transfer?: 'PQ' | 'HLG';
    pixelFormat?: string;
  };
  audio?: { durationSeconds: number; sampleRate: number; channels: number; codec: string };
  /** As of a track; what there is not is left out. */
  loudness?: { integratedLufs?: number; rangeLu?: number; truePeakDbtp?: number };
}

/** What is known before any decoder is asked. */
export function earlyFacts(
  { container }: Work,
  { seconds, pictures }: Times,
  bytes: number,
): VideoFacts & Record<string, object> {
  const { video, audio } = container;
  const { frameRate, variableFrameRate } = pictures;
  const { width, height, rotation, codec, hdr } = video;
  const isTurned = rotation === 90 || rotation === 270;
  return {
    video: {
      durationSeconds: thousandths(seconds),
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      ...(frameRate !== null && { frameRate: thousandths(frameRate) }),
      codec,
      bitRate: Math.round((bytes * 8) / seconds),
      rotation,
      hasAudio: audio !== null,
      variableFrameRate,
      hdr: hdr !== null,
    },
  };
}

/** What is known once all of it was decoded. */
export function lateFacts(
  early: VideoFacts,
  work: Work,
  { shape, times }: { shape: DecodedShape; times: Times },
  { heard, seconds }: Pick<Made, 'heard' | 'seconds'>,
): VideoFacts {
  const { pictures } = times;
  const durationSeconds = thousandths(isWithin(seconds, times.seconds) ? times.seconds : seconds);
  const { width, height, pixelFormat } = shape;
  const lasting = pictures.end - (pictures.times[0] ?? 0);
  return {
    video: {
      ...early.video,
      ...{ durationSeconds, width, height, pixelFormat, hdr: shape.hdr !== null },
      ...(shape.hdr && { transfer: shape.hdr }),
      bitRate: Math.round((pictures.bytes * 8) / Math.max(lasting, 0.001)),
    },
    ...(heard && soundFacts(work, heard)),
  };
}

/** What was heard in it, which a pass of its own may tell. */
export function soundFacts(
  { container }: Work,
  heard: Heard,
): Pick<VideoFacts, 'audio' | 'loudness'> {
  const { codec = '', channels = 0 } = container.audio ?? {};
  return {
    audio: {
      durationSeconds: thousandths(heard.seconds),
      sampleRate: heard.format.sampleRate,
      // Of more than two only the header knows: they are mixed down.
      channels: channels > 2 ? channels : heard.format.channels,
      codec,
    },
    loudness: Object.fromEntries(
      Object.entries(heard.loudness).filter(([, value]) => value !== null),
    ),
  };
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
