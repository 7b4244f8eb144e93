import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { FFMPEG } from './audio.ts';

// Files as users' programs write them, each with an oddity, made here so that nothing large is stored.

const run = promisify(execFile);

/** Four colours, one in each quarter: top left, top right, bottom left, bottom right. */
export const QUADS = [
  [200, 40, 40],
  [40, 180, 40],
  [40, 40, 200],
  [220, 220, 220],
] as const;

type Quads = readonly (readonly number[])[];

/** The quarters of a picture in these colours, as bytes of RGB. */
export function drawQuads(width: number, height: number, quads: Quads = QUADS): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = quads[(y * 2 >= height ? 2 : 0) + (x * 2 >= width ? 1 : 0)] ?? [0, 0, 0];
      data.set(color, (y * width + x) * 3);
    }
  }
  return data;
}

/** The colours in the middle of the quarters of an image, or of the first frame of a video. */
export async function readQuads(bytes: Buffer, matrix?: string): Promise<number[][]> {
  const png = matrix === undefined ? bytes : await readFirstFrame(bytes, matrix);
  const { data, info } = await sharp(png)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [0, 1, 2, 3].map((n) => {
    const x = Math.floor(info.width * (n % 2 === 0 ? 0.25 : 0.75));
    const y = Math.floor(info.height * (n < 2 ? 0.25 : 0.75));
    const at = (y * info.width + x) * info.channels;
    return [...data.subarray(at, at + 3)];
  });
}

/** As a browser does: by the matrix that the file names. */
async function readFirstFrame(video: Buffer, matrix: string): Promise<Buffer> {
  const args = ['-v', 'error', '-i', '-', '-vf', `scale=in_color_matrix=${matrix}:in_range=tv`];
  const child = run(FFMPEG, [...args, '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', '-'], {
    encoding: 'buffer',
    maxBuffer: 2 ** 26,
  });
  child.child.stdin?.end(video);
  return (await child).stdout;
}

/** How far the worst channel is from the right one. */
export function measureError(found: Quads, right: Quads = QUADS): number {
  return Math.max(
    ...right.flatMap((color, n) => color.map((value, c) => Math.abs(value - (found[n]?.[c] ?? 0)))),
  );
}

/** A video of the quarters: its encoder's options, and how RGB becomes its samples. */
export async function makeQuadVideo(
  path: string,
  {
    size = '640x360',
    quads = QUADS,
    scale,
    format = 'yuv420p',
    names = 'null',
    options,
  }: QuadVideo,
): Promise<string> {
  const [width = 0, height = 0] = size.split('x').map(Number);
  const raw = `${path}.rgb`;
  await writeFile(raw, drawQuads(width, height, quads));
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-r', '5', '-stream_loop', '4'];
  const filter = `${scale},format=${format},${names}`;
  await run(FFMPEG, ['-v', 'error', '-y', ...input, '-i', raw, '-vf', filter, ...options, path]);
  return path;
}

interface QuadVideo {
  size?: string;
  quads?: Quads;
  scale: string;
  format?: string;
  /** A filter that names the colours. */
  names?: string;
  options: readonly string[];
}

/** An ID3v2 tag of text frames: their ids, encodings and bytes. */
export function id3(
  major: 2 | 3 | 4,
  frames: readonly (readonly [id: string, encoding: number, text: Buffer | string])[],
  plainSizes = major < 4,
): Buffer {
  const body = Buffer.concat(
    frames.flatMap(([id, encoding, text]) => {
      const content = Buffer.concat([Buffer.from([encoding]), Buffer.from(text as string)]);
      const size = plainSizes ? plain(content.length) : synchsafe(content.length);
      if (major === 2) return [Buffer.from(id), size.subarray(1), content];
      return [Buffer.from(id), size, Buffer.alloc(2), content];
    }),
  );
  return Buffer.concat([
    Buffer.from(['I', 'D', '3'].map((c) => c.charCodeAt(0))),
    Buffer.from([major, 0, 0]),
    synchsafe(body.length),
    body,
  ]);
}

function plain(size: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  return bytes;
}

const synchsafe = (size: number) =>
  Buffer.from([21, 14, 7, 0].map((shift) => (size >> shift) & 127));

/** Replaces four bytes of a file: a size in its header. */
export async function withSize(path: string, changes: Record<number, number>): Promise<Buffer> {
  const bytes = await readFile(path);
  for (const [at, size] of Object.entries(changes)) bytes.writeUInt32LE(size, Number(at));
  return bytes;
}
