import { appendFile, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { BoundedFile } from '../bounded-file.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';
import type { CodedColor } from './coded-color.ts';
import type { Picture } from './formats/picture.ts';
import { decodeHeic, type HeicWork } from './heic/decode.ts';

/** A file that sharp decodes; a temporary one is deleted at the end of `await using`. */
export interface ImageSource extends AsyncDisposable {
  path: string;
  color: CodedColor | null;
  /** What had to be overcome to decode it. */
  warnings: MediaWarning[];
}

/** What is decoded instead of the file itself. */
interface Copy {
  path: string;
  warnings: MediaWarning[];
}

/** Finds what sharp decodes: the file itself or, if it cannot, or shows nothing of it, a copy. */
export async function openSource(
  path: string,
  file: BoundedFile,
  picture: Picture,
  work: HeicWork,
): Promise<ImageSource> {
  const copy = await makeCopy(path, file, picture, work);
  const color = picture.color ?? null;
  if (!copy) return { path, color, warnings: [], [Symbol.asyncDispose]: async () => {} };
  return { ...copy, color, [Symbol.asyncDispose]: () => rm(copy.path, { force: true }) };
}

async function makeCopy(
  path: string,
  file: BoundedFile,
  picture: Picture,
  work: HeicWork,
): Promise<Copy | null> {
  if (picture.heic) return { path: await decodeHeic(file, picture.heic, work), warnings: [] };
  if (picture.isSequence) return decodeSequence(path, work);
  if (picture.format === 'jpeg') return completeJpeg(path, file, work);
  if (picture.format === 'gif' && (picture.frames ?? 1) > 1) return skipBlankFrames(path, work);
  return null;
}

const MEMORY = 4_000_000_000;
const SEQUENCE_DEADLINE_MS = 30_000;

/** Decodes the first frame of an animated AVIF, which sharp does not open. */
async function decodeSequence(
  path: string,
  { workDir, ffmpeg, signal, limits }: HeicWork,
): Promise<Copy> {
  const target = join(workDir, 'first-frame.png');
  const end = await runFfmpeg({
    ...{ binary: ffmpeg, cwd: workDir, signal, deadlineMs: SEQUENCE_DEADLINE_MS, memory: MEMORY },
    input: {
      ...{ path, demuxer: 'mov', decoders: ['libdav1d'], maxStreams: 8, maxSeconds: 60 },
      maxPixels: limits.avifPixels,
    },
    outputs: [
      ...['-map', '0:v:0', '-frames:v', '1', '-map_metadata', '-1', '-bitexact'],
      ...['-c:v', 'png', '-f', 'image2', '-update', '1', `file:${target}`],
    ],
  });
  refuseFailure(end, 'image');
  return { path: target, warnings: [] };
}

const END_OF_IMAGE = Buffer.from('ffd9', 'hex');
/** Programs append other data to a JPEG; its end is looked for in so many last bytes. */
const TAIL_BYTES = 64 * 1024;

/**
 * Appends the end marker that a JPEG lacks, if all of its picture is there. One that ends before is
 * left to the decoder, which refuses it.
 */
async function completeJpeg(
  path: string,
  file: BoundedFile,
  { workDir }: HeicWork,
): Promise<Copy | null> {
  const tail = await file.read(Math.max(0, file.size - TAIL_BYTES), TAIL_BYTES);
  if (tail.includes(END_OF_IMAGE)) return null;
  const target = join(workDir, 'complete.jpg');
  await copyFile(path, target);
  await appendFile(target, END_OF_IMAGE);
  // The decoder warns of missing data. It reads all of it, even for a small copy.
  const small = sharp(target, { failOn: 'warning', limitInputPixels: false, sequentialRead: true });
  const isComplete = await small
    .resize(16, 16, { fit: 'fill' })
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    );
  if (!isComplete) {
    await rm(target);
    return null;
  }
  const message = 'This JPEG lacks its end marker; all of its picture is there.';
  return { path: target, warnings: [buildWarning('CUT_OFF', message)] };
}

/** A preview of more blank frames would hardly be expected. */
const MOST_SKIPPED = 50;

/** Finds the first frame of an animation that shows anything. */
async function skipBlankFrames(
  path: string,
  { workDir, limits, signal }: HeicWork,
): Promise<Copy | null> {
  const options = { limitInputPixels: limits.pixels, failOn: 'error' } as const;
  const { hasAlpha, pages = 1 } = await sharp(path, options).metadata();
  if (!hasAlpha) return null;
  for (let page = 0; page < Math.min(pages, MOST_SKIPPED); page++) {
    signal.throwIfAborted();
    if (await isBlank(path, page, options)) continue;
    if (page === 0) return null;
    const target = join(workDir, 'frame.png');
    await sharp(path, { ...options, page })
      .png({ compressionLevel: 1 })
      .toFile(target);
    const message = `The first ${page} of ${pages} frames are blank, so a later one is shown.`;
    return { path: target, warnings: [buildWarning('BLANK_FRAMES_SKIPPED', message)] };
  }
  return null;
}

async function isBlank(path: string, page: number, options: object): Promise<boolean> {
  const alpha = await sharp(path, { ...options, page })
    .resize(64, 64, { fit: 'inside', kernel: 'nearest' })
    .extractChannel('alpha')
    .raw()
    .toBuffer();
  return alpha.every((value) => value === 0);
}
