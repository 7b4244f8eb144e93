import { type BoundedFile, openBounded } from '../bounded-file.ts';
import { buildRefusal, type ExpectedFormats } from '../foreign-format.ts';
import { MediaError } from '../media-error.ts';
import type { Container } from './containers/container.ts';
import { readMatroska } from './containers/matroska.ts';
import { readMp4 } from './containers/mp4.ts';
import { tooComplex, tooLong } from './containers/refusals.ts';
import { ACCEPTED, type VideoLimits } from './limits.ts';

const EXPECTED: ExpectedFormats = {
  accepted: ACCEPTED,
  contentTypes: [
    ...['video/mp4', 'video/quicktime', 'video/x-m4v', 'video/webm'],
    ...['video/matroska', 'video/x-matroska'],
  ],
  noun: 'a video',
};

/**
 * Detects the container from the bytes and checks its limits, before ffmpeg opens the file. The
 * file name and the declared content type are ignored.
 * @throws MediaError
 */
export async function probeVideo(
  path: string,
  limits: VideoLimits,
  signal: AbortSignal,
): Promise<{ container: Container; bytes: number }> {
  const file = await openBounded(path, signal);
  try {
    return { container: await sniffVideo(file, limits), bytes: file.size };
  } finally {
    await file.close();
  }
}

async function sniffVideo(file: BoundedFile, limits: VideoLimits): Promise<Container> {
  if (file.size > limits.bytes) {
    const gigabytes = Math.floor(limits.bytes / 1e8) / 10;
    throw new MediaError('TOO_LARGE', `This file is larger than ${gigabytes} GB.`);
  }
  if (file.size === 0) throw new MediaError('CORRUPT_MEDIA', 'This file is empty.');
  const container = (await readMp4(file, limits)) ?? (await readMatroska(file, limits));
  if (!container) throw await buildRefusal(file, EXPECTED);
  refuseExcess(container, limits);
  return container;
}

function refuseExcess({ video, declaredSeconds }: Container, limits: VideoLimits): void {
  const { width, height, frameRate } = video;
  if (declaredSeconds !== null && declaredSeconds > limits.seconds) throw tooLong(limits);
  if (width === 0 || height === 0) {
    throw new MediaError('CORRUPT_MEDIA', 'This video has no width or no height.');
  }
  if (width * height > limits.pixels || Math.max(width, height) > limits.side) {
    const most = `${limits.side} per side and ${limits.pixels / 1e6} million in all`;
    throw tooComplex(`${width}×${height} pixels; at most ${most}`);
  }
  if (frameRate !== null && frameRate > limits.frameRate) {
    throw tooComplex(`${Math.round(frameRate)} frames per second; at most ${limits.frameRate}`);
  }
}
