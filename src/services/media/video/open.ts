import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ProcessorInput } from '../processor.ts';
import { VIDEO_LIMITS } from './limits.ts';
import { scanPackets } from './packets.ts';
import { makePoster } from './poster.ts';
import { outputRate } from './rate.ts';
import type { Raster } from './renditions.ts';
import { probeVideo } from './sniff.ts';
import type { Work } from './work.ts';

/** A video that is to be encoded once more, and how its frames will fall. */
export interface OpenVideo {
  work: Work;
  raster: Raster;
  seconds: number;
  hasSound: boolean;
}

/**
 * Looks into a video that was processed before, on this machine or on another: everyone who opens
 * it finds the same.
 * @throws MediaError
 */
export async function openVideo(
  input: Pick<ProcessorInput, 'path' | 'workDir' | 'ffmpeg' | 'signal'>,
  limits = VIDEO_LIMITS,
): Promise<OpenVideo> {
  const { ffmpeg, signal } = input;
  const [path, workDir] = [resolve(input.path), resolve(input.workDir)];
  const { container } = await probeVideo(path, limits, signal);
  const work: Work = { path, workDir, ffmpeg, signal, limits, container };
  const { seconds, frameRate, variableFrameRate } = await timesOf(work);
  const { shape, poster, thumbnail } = await makePoster(work);
  for (const file of [poster, thumbnail]) await rm(file.path);
  const rate = outputRate(frameRate, variableFrameRate ?? false);
  return { work, raster: { shape, rate }, seconds, hasSound: isHeard(work) };
}

/** Whether its sound is one that we decode. */
export function isHeard({ container }: Work): boolean {
  return (container.audio?.decoders.length ?? 0) > 0;
}

/** What no header says is counted: how long it is, and how many frames there are in a second. */
export async function timesOf(work: Work) {
  const { declaredSeconds, video } = work.container;
  if (declaredSeconds !== null && video.frameRate !== null) {
    const { frameRate, variableFrameRate } = video;
    return { seconds: declaredSeconds, frameRate, variableFrameRate };
  }
  const packets = await scanPackets(work, declaredSeconds === null ? work.limits.seconds + 1 : 10);
  const { frameRate, variableFrameRate } = packets;
  const seconds = declaredSeconds ?? Math.max(packets.seconds, 0.001);
  return { seconds, frameRate, variableFrameRate };
}
