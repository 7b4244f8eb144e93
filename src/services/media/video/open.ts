import { resolve } from 'node:path';
import type { ProcessorInput } from '../processor.ts';
import { tooLong } from './containers/refusals.ts';
import { VIDEO_LIMITS } from './limits.ts';
import { type Packets, scanPackets } from './packets.ts';
import { chooseOutputRate } from './rate.ts';
import type { FrameFormat } from './renditions.ts';
import type { Shape } from './shape.ts';
import { probeVideo } from './sniff.ts';
import { prepareFrames, UNKNOWN_FRAMES } from './source-frames.ts';
import type { VideoWork } from './work.ts';

/** A video opened for encoding, and the format of the frames to produce. */
export interface OpenVideo extends VideoTimes {
  work: VideoWork;
  frameFormat: FrameFormat;
  hasSound: boolean;
}

/** A video that was processed before; its shape was stored then. */
interface KnownVideo extends Pick<ProcessorInput, 'path' | 'workDir' | 'ffmpeg' | 'signal'> {
  shape: Shape;
}

/**
 * Opens a video that was processed before. All jobs that open the same video, on whatever machine,
 * get the same result, so that their segments fit together.
 * @throws MediaError
 */
export async function openVideo(input: KnownVideo, limits = VIDEO_LIMITS): Promise<OpenVideo> {
  const { ffmpeg, signal, shape } = input;
  const [path, workDir] = [resolve(input.path), resolve(input.workDir)];
  const { container } = await probeVideo(path, limits, signal);
  const work: VideoWork = {
    ...{ path, workDir, ffmpeg, signal, limits, container, frames: UNKNOWN_FRAMES },
  };
  work.frames = await prepareFrames(work);
  const times = await measureTimes(work);
  const { frameRate, variableFrameRate } = times.pictures;
  const rate = chooseOutputRate(frameRate, variableFrameRate);
  return { ...times, work, frameFormat: { shape, rate }, hasSound: hasDecodableSound(work) };
}

/** Whether the video has sound with a supported codec. */
export function hasDecodableSound({ container }: VideoWork): boolean {
  return (container.audio?.decoders.length ?? 0) > 0;
}

/** The times of a video's pictures and sound, in seconds. */
export interface VideoTimes {
  /** The length of the video: of pictures or sound, whichever ends later. */
  seconds: number;
  /** How long the last frame is frozen because the sound goes on; 0 if it does not. */
  still: number;
  /** How long a picture is shown, including the frozen last frame. */
  shown: number;
  /** Their end is limited by the edit list. */
  pictures: Packets;
  soundEnd: number | null;
}

/**
 * In seconds: if the sound is longer than the pictures by less than this, players cut it, and
 * nobody notices.
 */
const UNNOTICED = 0.5;

/**
 * Measures the times by reading all packets: headers are not reliable, because the file may have
 * been cut off.
 */
export async function measureTimes(work: VideoWork): Promise<VideoTimes> {
  const { declaredSeconds, video, audio } = work.container;
  const { pictures, sound } = await scanPackets(work);
  const picturesEnd = computeEnd(pictures.times.at(-1) ?? 0, pictures.end, video.declaredEnd);
  const soundEnd = sound && computeEnd(sound.last, sound.end, audio?.declaredEnd ?? null);
  const found = Math.max(picturesEnd, soundEnd ?? 0, 0.001);
  if (found > work.limits.seconds + 1) throw tooLong(work.limits);
  const isNear = declaredSeconds !== null && isSameLength(found, declaredSeconds);
  const outlasting = (soundEnd ?? 0) - picturesEnd;
  const still = outlasting > UNNOTICED ? outlasting : 0;
  return {
    seconds: isNear ? declaredSeconds : found,
    still,
    shown: picturesEnd + still,
    pictures: { ...pictures, end: picturesEnd },
    soundEnd,
  };
}

/**
 * An edit list may end within the last packet; one that ends before the last packet begins is wrong
 * and ignored.
 */
function computeEnd(last: number, end: number, declaredEnd: number | null): number {
  return declaredEnd !== null && last < declaredEnd ? Math.min(end, declaredEnd) : end;
}

/** Whether two lengths are equal within the accuracy of headers: 1 s or 2 %. */
export function isSameLength(found: number, declared: number): boolean {
  return Math.abs(found - declared) <= Math.max(1, declared * 0.02);
}
