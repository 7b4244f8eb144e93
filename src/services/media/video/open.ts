import { resolve } from 'node:path';
import type { ProcessorInput } from '../processor.ts';
import { tooLong } from './containers/refusals.ts';
import { VIDEO_LIMITS } from './limits.ts';
import { type Packets, scanPackets } from './packets.ts';
import { outputRate } from './rate.ts';
import type { Raster } from './renditions.ts';
import type { Shape } from './shape.ts';
import { probeVideo } from './sniff.ts';
import type { Work } from './work.ts';

/** A video that is to be encoded once more, and how its frames will fall. */
export interface OpenVideo extends Times {
  work: Work;
  raster: Raster;
  hasSound: boolean;
}

/** A video that was processed before, whose shape is known from then. */
interface KnownVideo extends Pick<ProcessorInput, 'path' | 'workDir' | 'ffmpeg' | 'signal'> {
  shape: Shape;
}

/**
 * Opens a video that was processed before, on this machine or on another: everyone who opens it finds
 * the same.
 * @throws MediaError
 */
export async function openVideo(input: KnownVideo, limits = VIDEO_LIMITS): Promise<OpenVideo> {
  const { ffmpeg, signal, shape } = input;
  const [path, workDir] = [resolve(input.path), resolve(input.workDir)];
  const { container } = await probeVideo(path, limits, signal);
  const work: Work = { path, workDir, ffmpeg, signal, limits, container };
  const times = await timesOf(work);
  const { frameRate, variableFrameRate } = times.pictures;
  const rate = outputRate(frameRate, variableFrameRate);
  return { ...times, work, raster: { shape, rate }, hasSound: isHeard(work) };
}

/** Whether its sound is one that we decode. */
export function isHeard({ container }: Work): boolean {
  return (container.audio?.decoders.length ?? 0) > 0;
}

/** When its pictures and its sound show and end, in seconds. */
export interface Times {
  /** Of the longer of both: as long as a player shows it. */
  seconds: number;
  /** How long the last picture stands still, while the sound goes on. */
  still: number;
  /** How long there is a picture, with that. */
  shown: number;
  /** Its end is no later than an edit list says. */
  pictures: Packets;
  soundEnd: number | null;
}

/** Sound that outlasts the picture by less goes unseen, and players have it end with the picture. */
const UNSEEN = 0.5;

/** Counted, not believed: what a header says of times may be that of a file that was cut off. */
export async function timesOf(work: Work): Promise<Times> {
  const { declaredSeconds, video, audio } = work.container;
  const { pictures, sound } = await scanPackets(work);
  const picturesEnd = endOf(pictures.times.at(-1) ?? 0, pictures.end, video.declaredEnd);
  const soundEnd = sound && endOf(sound.last, sound.end, audio?.declaredEnd ?? null);
  const found = Math.max(picturesEnd, soundEnd ?? 0, 0.001);
  if (found > work.limits.seconds + 1) throw tooLong(work.limits);
  const isNear = declaredSeconds !== null && isWithin(found, declaredSeconds);
  const outlasting = (soundEnd ?? 0) - picturesEnd;
  const still = outlasting > UNSEEN ? outlasting : 0;
  return {
    seconds: isNear ? declaredSeconds : found,
    still,
    shown: picturesEnd + still,
    pictures: { ...pictures, end: picturesEnd },
    soundEnd,
  };
}

/** An edit may end what the last packet says it lasts; an edit that ends before that begins is a lie. */
function endOf(last: number, end: number, declaredEnd: number | null): number {
  return declaredEnd !== null && last < declaredEnd ? Math.min(end, declaredEnd) : end;
}

/** Whether it is as long as that, as headers count. */
export function isWithin(found: number, declared: number): boolean {
  return Math.abs(found - declared) <= Math.max(1, declared * 0.02);
}
