import { isSameLength, type VideoTimes } from './open.ts';
import type { DecodedShape } from './poster.ts';
import type { EncodedPreview } from './preview.ts';
import type { MeasuredSound } from './sound.ts';
import type { VideoWork } from './work.ts';

/** The facts of a video, as its medium stores them. */
export interface VideoFacts {
  video: {
    durationSeconds: number;
    /** In pixels, as shown: after rotation. */
    width: number;
    height: number;
    /** Average frames per second; absent for a single frame. */
    frameRate?: number;
    codec: string;
    bitRate: number;
    /** In degrees clockwise: how frames are rotated for display. */
    rotation: number;
    hasAudio: boolean;
    variableFrameRate: boolean;
    hdr: boolean;
    /** The transfer function, if the dynamic range is high. */
    transfer?: 'PQ' | 'HLG';
    pixelFormat?: string;
  };
  audio?: { durationSeconds: number; sampleRate: number; channels: number; codec: string };
  /** The same as of a track; unknown values are absent. */
  loudness?: { integratedLufs?: number; rangeLu?: number; truePeakDbtp?: number };
}

/** Builds the facts known before decoding. */
export function buildEarlyFacts(
  { container }: VideoWork,
  { seconds, pictures }: VideoTimes,
  bytes: number,
): VideoFacts & Record<string, object> {
  const { video, audio } = container;
  const { frameRate, variableFrameRate } = pictures;
  const { width, height, rotation, codec, hdr } = video;
  const isTurned = rotation === 90 || rotation === 270;
  return {
    video: {
      durationSeconds: roundToThousandth(seconds),
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      ...(frameRate !== null && { frameRate: roundToThousandth(frameRate) }),
      codec,
      bitRate: Math.round((bytes * 8) / seconds),
      rotation,
      hasAudio: audio !== null,
      variableFrameRate,
      hdr: hdr !== null,
    },
  };
}

/** Builds the facts known after decoding. */
export function buildFinalFacts(
  early: VideoFacts,
  work: VideoWork,
  { shape, times }: { shape: DecodedShape; times: VideoTimes },
  { heard, seconds }: Pick<EncodedPreview, 'heard' | 'seconds'>,
): VideoFacts {
  const { pictures } = times;
  const durationSeconds = roundToThousandth(
    isSameLength(seconds, times.seconds) ? times.seconds : seconds,
  );
  const { width, height, pixelFormat } = shape;
  const lasting = pictures.end - (pictures.times[0] ?? 0);
  return {
    video: {
      ...early.video,
      ...{ durationSeconds, width, height, pixelFormat, hdr: shape.hdr !== null },
      ...(shape.hdr && { transfer: shape.hdr }),
      bitRate: Math.round((pictures.bytes * 8) / Math.max(lasting, 0.001)),
    },
    ...(heard && buildSoundFacts(work, heard)),
  };
}

/** Builds the facts of the sound, which may be decoded in a pass of its own. */
export function buildSoundFacts(
  { container }: VideoWork,
  heard: MeasuredSound,
): Pick<VideoFacts, 'audio' | 'loudness'> {
  const { codec = '', channels = 0 } = container.audio ?? {};
  return {
    audio: {
      durationSeconds: roundToThousandth(heard.seconds),
      sampleRate: heard.format.sampleRate,
      // More than two channels are mixed down before decoding, so the header is used.
      channels: channels > 2 ? channels : heard.format.channels,
      codec,
    },
    loudness: Object.fromEntries(
      Object.entries(heard.loudness).filter(([, value]) => value !== null),
    ),
  };
}

function roundToThousandth(value: number): number {
  return Math.round(value * 1000) / 1000;
}
