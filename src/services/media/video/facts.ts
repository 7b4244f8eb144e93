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
    variableFrameRate?: boolean;
    hdr: boolean;
    pixelFormat?: string;
  };
  audio?: { durationSeconds: number; sampleRate: number; channels: number; codec: string };
  /** As of a track; what there is not is left out. */
  loudness?: { integratedLufs?: number; rangeLu?: number; truePeakDbtp?: number };
}

/** What a header says of its times, or was counted. */
interface Times {
  seconds: number;
  frameRate: number | null;
  variableFrameRate: boolean | null;
  bytes: number;
}

/** What is known before any decoder is asked. */
export function earlyFacts({ container }: Work, times: Times): VideoFacts & Record<string, object> {
  const { video, audio } = container;
  const { width, height, rotation, codec, hdr } = video;
  const isTurned = rotation === 90 || rotation === 270;
  return {
    video: {
      durationSeconds: thousandths(times.seconds),
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      ...(times.frameRate !== null && { frameRate: thousandths(times.frameRate) }),
      codec,
      bitRate: Math.round((times.bytes * 8) / times.seconds),
      rotation,
      hasAudio: audio !== null,
      ...(times.variableFrameRate !== null && { variableFrameRate: times.variableFrameRate }),
      hdr: hdr !== null,
    },
  };
}

/** What is known once all of it was decoded. */
export function lateFacts(
  early: VideoFacts,
  work: Work,
  { packets, heard, seconds }: Pick<Made, 'packets' | 'heard' | 'seconds'>,
  shape: {
    width: number;
    height: number;
    pixelFormat: string;
    hdr: string | null;
    seconds: number;
  },
): VideoFacts {
  const isWhole = Math.abs(seconds - shape.seconds) <= Math.max(1, shape.seconds * 0.02);
  const durationSeconds = thousandths(isWhole ? shape.seconds : seconds);
  const { width, height, pixelFormat } = shape;
  return {
    video: {
      ...early.video,
      ...{ durationSeconds, width, height, pixelFormat, hdr: shape.hdr !== null },
      ...(packets.frameRate !== null && { frameRate: thousandths(packets.frameRate) }),
      bitRate: Math.round((packets.bytes * 8) / Math.max(packets.seconds, 0.001)),
      variableFrameRate: packets.variableFrameRate,
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
