import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import type { ImageFacts } from '../../src/services/media/image/process.ts';
import { processImage } from '../../src/services/media/image/process.ts';
import type {
  DerivativeFile,
  Probed,
  Processed,
  ProcessorInput,
} from '../../src/services/media/processor.ts';
import { FFMPEG } from './audio.ts';
import { afterStart, segment } from './hostile-images.ts';

const run = promisify(execFile);

/** What came of an image, and in which order. */
export interface ProcessedImage extends Processed {
  image: ImageFacts;
  probed: Probed;
  derivatives: DerivativeFile[];
  files: Record<string, Buffer>;
  progress: number[];
}

/** Processes a file in a folder of its own; anything left there but the derivatives is an error. */
export async function processedImage(
  path: string,
  more: Partial<ProcessorInput> = {},
): Promise<ProcessedImage> {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-work-'));
  const derivatives: DerivativeFile[] = [];
  const progress: number[] = [];
  const probes: Probed[] = [];
  const files: Record<string, Buffer> = {};
  try {
    const found = await processImage({
      path,
      workDir,
      ffmpeg: FFMPEG,
      signal: new AbortController().signal,
      onProgress: (percent) => progress.push(percent),
      onProbed: async (probed) => {
        if (derivatives.length > 0) throw new Error('Probed after something was made');
        probes.push(probed);
      },
      onDerivative: async (file) => {
        files[file.name] = await readFile(file.path);
        derivatives.push(file);
      },
      ...more,
    });
    const left = await readdir(workDir);
    if (left.length !== derivatives.length) throw new Error(`Left behind: ${left}`);
    const [probed] = probes;
    if (!probed || probes.length > 1) throw new Error(`Probed ${probes.length} times`);
    const image = found.facts.image as ImageFacts;
    return { ...found, image, probed, derivatives, files, progress };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** A picture in which every place and direction looks different: two gradients and a dark corner. */
export function scene(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const data = Buffer.alloc(width * height * channels, 255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isCorner = x < width / 4 && y < height / 4;
      const at = (y * width + x) * channels;
      data[at] = isCorner ? 20 : 40 + (200 * x) / width;
      data[at + 1] = isCorner ? 20 : 40 + (200 * y) / height;
      data[at + 2] = isCorner ? 90 : 120;
      if (channels === 4) data[at + 3] = isCorner ? 0 : 255;
    }
  }
  return sharp(data, { raw: { width, height, channels } });
}

/** Like a photograph: light that falls off, things of many sizes, and the grain of a sensor. */
export function photograph(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3);
  let state = 12_345;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const grain = ((state >>> 24) - 128) * 0.16;
      const things = 30 * Math.sin(x / 90) * Math.cos(y / 70) + 20 * Math.sin((x + y) / 13);
      const at = (y * width + x) * 3;
      data[at] = within(60 + (140 * x) / width + things + grain);
      data[at + 1] = within(80 + (120 * y) / height + 0.7 * things + grain);
      data[at + 2] = within(200 - (120 * x) / width - 0.4 * things + grain);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function within(value: number): number {
  return Math.max(0, Math.min(255, value));
}

/** The first frame as another decoder sees it: RGBA, 8 bits. */
export async function pixelsByFfmpeg(bytes: Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-ffmpeg-'));
  try {
    const path = join(folder, 'image');
    await writeFile(path, bytes);
    const args = ['-v', 'error', '-i', path, '-frames:v', '1', '-pix_fmt', 'rgba'];
    await run(FFMPEG, [...args, '-c:v', 'png', '-f', 'image2', '-y', join(folder, 'o.png')]);
    const [head, raw] = await Promise.all([
      readFile(join(folder, 'o.png')),
      run(FFMPEG, [...args, '-f', 'rawvideo', '-'], { encoding: 'buffer', maxBuffer: 2 ** 30 }),
    ]);
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20), data: raw.stdout };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How far apart two pictures of the same size are: the mean difference of a channel, of 255. */
export function apart(a: Buffer, b: Buffer): number {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} bytes`);
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += Math.abs((a[at] ?? 0) - (b[at] ?? 0));
  return sum / a.length;
}

/** The colour in the middle, as a decoder without colour management sees it. */
export async function middleOf(bytes: Buffer): Promise<number[]> {
  const { data, info } = await sharp(bytes, { ignoreIcc: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 4;
  return [...data.subarray(at, at + 4)];
}

/** Where the picture was taken, in a block of EXIF by hand: 52° 31' N, and words that are easily found. */
export const CANARY = 'CANARY-52.5163N-13.3777E';

/** A JPEG with that EXIF, a comment and XMP that all say where it was taken. */
export function withCanary(jpeg: Buffer): Buffer {
  const xmp = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><exif:GPSLatitude>${CANARY}</exif:GPSLatitude>`;
  const segments = [
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif()])),
    segment(0xe1, Buffer.from(xmp, 'latin1')),
    segment(0xfe, Buffer.from(CANARY)),
  ];
  return afterStart(jpeg, Buffer.concat(segments));
}

/** Make, model, time and place (TIFF 6.0, EXIF 2.3), big-endian. */
export function exif(): Buffer {
  const bytes = Buffer.alloc(400);
  bytes.write('MM\0*\0\0\0\x08', 'latin1');
  const ascii = (at: number, tag: number, text: string, to: number) => {
    bytes.write(`${text}\0`, to, 'latin1');
    field(at, tag, 2, text.length + 1, to);
  };
  const field = (at: number, tag: number, type: number, count: number, value: number) => {
    bytes.writeUInt16BE(tag, at);
    bytes.writeUInt16BE(type, at + 2);
    bytes.writeUInt32BE(count, at + 4);
    bytes.writeUInt32BE(value, at + 8);
  };
  bytes.writeUInt16BE(4, 8);
  ascii(10, 0x010f, 'Mixdown', 200);
  ascii(22, 0x0110, 'Box camera', 210);
  field(34, 0x8769, 4, 1, 80);
  field(46, 0x8825, 4, 1, 130);
  bytes.writeUInt16BE(2, 80);
  ascii(82, 0x9003, '2026:07:14 18:03:22', 230);
  field(94, 0x829d, 5, 1, 260); // f/2.8
  bytes.writeUInt32BE(28, 260);
  bytes.writeUInt32BE(10, 264);
  bytes.writeUInt16BE(2, 130);
  ascii(132, 0x001b, CANARY, 280); // GPSProcessingMethod
  field(144, 0x0002, 5, 3, 320); // GPSLatitude
  for (const [n, value] of [52, 1, 30, 1, 58, 1].entries()) bytes.writeUInt32BE(value, 320 + n * 4);
  return bytes;
}

/** A file by any encoder of ffmpeg, from the same scene. */
export async function byFfmpeg(folder: string, name: string, ...args: string[]): Promise<string> {
  const source = join(folder, `scene-for-${name}.png`);
  await writeFile(source, await scene(320, 240).png().toBuffer());
  const path = join(folder, name);
  await run(FFMPEG, ['-v', 'error', '-y', '-i', source, ...args, path]);
  return path;
}
