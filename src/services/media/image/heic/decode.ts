import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../../providers/ffmpeg.ts';
import type { BoundedFile } from '../../bounded-file.ts';
import { buildCubeTable } from '../../color/to-sdr.ts';
import { corrupt } from '../../media-error.ts';
import { refuseFailure } from '../../refuse-failure.ts';
import type { ImageLimits } from '../limits.ts';
import { writeBitstream } from './bitstream.ts';
import { buildColorFilter, findConversion } from './color.ts';
import { composeRows } from './compose.ts';
import type { HeicImage } from './image.ts';
import type { CodedPicture } from './layout.ts';
import { refuseMemory } from './memory.ts';
import { buildTiffHead } from './tiff.ts';

/** How a HEIC file is decoded. */
export interface HeicWork {
  /** An existing folder for temporary files. */
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
  limits: ImageLimits;
}

const TABLE = 'heic-to-sdr.cube';
/** More would cost memory, and save little time. */
const THREADS = 2;
/** Bytes of address space, of which every thread reserves far more than it uses. */
const MEMORY = 4_000_000_000;
/** 48 million pixels as one picture take 4 s of a processor. */
const DEADLINE_MS = 60_000;

/**
 * Decodes a HEIC file into an uncompressed TIFF file, from which the rest is made as from any other
 * image. Tiles are decoded one after the other, so the memory does not grow with their number.
 * Returns its path; the caller deletes it.
 * @throws MediaError
 */
export async function decodeHeic(
  file: BoundedFile,
  image: HeicImage,
  work: HeicWork,
): Promise<string> {
  const { picture, alpha, crop, orientation, isPremultiplied, color } = image;
  const path = join(work.workDir, 'decoded.tif');
  const alphaPath = join(work.workDir, 'alpha.raw');
  refuseMemory(image, work.limits);
  if (alpha) await decodePlane(file, alpha, alphaPath, work);
  const target = openSync(path, 'w');
  const source = alpha ? openSync(alphaPath, 'r') : null;
  try {
    const channels = source === null ? 3 : 4;
    const profile = color.profile;
    const { width, height } = crop;
    writeSync(
      target,
      buildTiffHead({ width, height, channels, isPremultiplied, orientation, profile }),
    );
    const onRows = (rows: Buffer, first: number) => {
      const stride = picture.width * 3;
      for (let n = 0; n < rows.length / stride; n++) {
        const y = first + n;
        if (y < crop.top || y >= crop.top + crop.height) continue;
        const from = n * stride + crop.left * 3;
        const row = rows.subarray(from, from + width * 3);
        writeSync(target, source === null ? row : addAlpha(row, readAlphaRow(source, image, y)));
      }
    };
    const conversion = findConversion(color);
    if (conversion) await writeFile(join(work.workDir, TABLE), buildCubeTable(conversion));
    const filter = `${cropTile(picture)},${buildColorFilter(color, TABLE)}`;
    await decodeTiles(file, picture, work, filter, 'rgb24', composeRows(picture, 3, onRows));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    closeSync(target);
    if (source !== null) closeSync(source);
    await rm(alphaPath, { force: true });
    await rm(join(work.workDir, TABLE), { force: true });
  }
  return path;
}

async function decodePlane(
  file: BoundedFile,
  picture: CodedPicture,
  path: string,
  work: HeicWork,
): Promise<void> {
  const target = openSync(path, 'w');
  try {
    const sink = composeRows(picture, 1, (rows) => void writeSync(target, rows));
    const filter = `${cropTile(picture)},scale=out_range=full,format=gray`;
    await decodeTiles(file, picture, work, filter, 'gray', sink);
  } finally {
    closeSync(target);
  }
}

/** Refuses frames that are smaller than declared, and cuts larger ones, as by the edges of blocks. */
function cropTile({ tileWidth, tileHeight }: CodedPicture): string {
  return `crop=${tileWidth}:${tileHeight}:0:0:exact=1`;
}

async function decodeTiles(
  file: BoundedFile,
  picture: CodedPicture,
  { workDir, ffmpeg, signal }: HeicWork,
  filter: string,
  format: 'rgb24' | 'gray',
  sink: (chunk: Buffer) => void,
): Promise<void> {
  const path = join(workDir, 'tiles.hevc');
  const { tiles, tileWidth, tileHeight } = picture;
  let bytes = 0;
  try {
    await writeBitstream(file, picture, path);
    const end = await runFfmpeg({
      binary: ffmpeg,
      cwd: workDir,
      signal,
      deadlineMs: DEADLINE_MS,
      memory: MEMORY,
      input: {
        path,
        ...{ demuxer: 'hevc', decoders: ['hevc'], maxStreams: 1, threads: THREADS },
        maxSeconds: tiles.length + 1,
        // Whole blocks of at most 64 pixels are decoded.
        maxPixels: (tileWidth + 64) * (tileHeight + 64),
      },
      outputs: [
        ...['-map', '0:v:0', '-fps_mode', 'passthrough', '-frames:v', String(tiles.length)],
        ...['-vf', filter, '-c:v', 'rawvideo', '-pix_fmt', format, '-f', 'rawvideo', 'pipe:1'],
      ],
      sinks: [
        (chunk) => {
          bytes += chunk.length;
          sink(chunk);
        },
      ],
    });
    refuseFailure(end, 'image');
  } finally {
    await rm(path, { force: true });
  }
  const channels = format === 'gray' ? 1 : 3;
  if (bytes !== tiles.length * tileWidth * tileHeight * channels)
    throw corrupt('Not all of this HEIC file can be decoded.');
}

function readAlphaRow(source: number, { picture, crop }: HeicImage, y: number): Buffer {
  const row = Buffer.allocUnsafe(crop.width);
  readSync(source, row, 0, crop.width, y * picture.width + crop.left);
  return row;
}

function addAlpha(rgb: Buffer, alpha: Buffer): Buffer {
  const rgba = Buffer.allocUnsafe(alpha.length * 4);
  for (let n = 0; n < alpha.length; n++) {
    rgba[n * 4] = rgb[n * 3] ?? 0;
    rgba[n * 4 + 1] = rgb[n * 3 + 1] ?? 0;
    rgba[n * 4 + 2] = rgb[n * 3 + 2] ?? 0;
    rgba[n * 4 + 3] = alpha[n] ?? 0;
  }
  return rgba;
}
