import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { Container } from './containers/container.ts';

export interface Cover {
  path: string;
  width: number;
  height: number;
  size: number;
}

interface Work {
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
}

const MOST_BYTES = 10_000_000;
const MOST_PIXELS = 40_000_000;
const LONGEST_SIDE = 1000;
const DEADLINE_MS = 20_000;
/** How many embedded pictures are tried: the first may be in a format that cannot be used. */
const MOST_TRIED = 4;
const MEMORY = 4_000_000_000;

/** A picture in a file that ffmpeg can open: which demuxer and decoders may. */
interface Source {
  demuxer: string;
  decoders: readonly string[];
}

/** What is known of the recording: where a cover may be a track of its own. */
interface CoverWork extends Work {
  path: string;
  container: Pick<Container, 'demuxer' | 'coverTrack'>;
}

/**
 * Re-encodes the first usable cover as a JPEG of at most 1000 pixels a side, so that no byte of the
 * untrusted original is served. Returns why the first one was left out, a warning for the client, if
 * none can be used; null if there is none.
 */
export async function makeFirstCover(
  pictures: readonly { data: Uint8Array }[],
  work: CoverWork,
): Promise<Cover | string | null> {
  let reason: string | null = null;
  for (const { data } of pictures.slice(0, MOST_TRIED)) {
    const made = await makeCover(data, work);
    if (typeof made !== 'string') return made;
    reason ??= made;
  }
  const { path, container } = work;
  if (!container.coverTrack) return reason;
  const { index, decoders } = container.coverTrack;
  return encodeCover(path, { demuxer: container.demuxer, decoders }, work, index);
}

async function makeCover(data: Uint8Array, work: Work): Promise<Cover | string> {
  if (data.length > MOST_BYTES) return 'The cover was left out: it is larger than 10 MB.';
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const kind = detectFormat(bytes);
  if (!kind) return 'The cover was left out: it is no JPEG, PNG, WebP, GIF or BMP.';
  const source = join(work.workDir, 'cover-source');
  await writeFile(source, bytes);
  try {
    return await encodeCover(source, kind, work);
  } finally {
    await rm(source, { force: true });
  }
}

function detectFormat(bytes: Buffer): Source | null {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return { demuxer: 'png_pipe', decoders: ['png'] };
  if (head.startsWith('\xff\xd8\xff')) return { demuxer: 'jpeg_pipe', decoders: ['mjpeg'] };
  if (/^RIFF.{4}WEBP/s.test(head)) return { demuxer: 'webp_pipe', decoders: ['webp'] };
  if (/^GIF8[79]a/.test(head)) return { demuxer: 'gif_pipe', decoders: ['gif'] };
  if (head.startsWith('BM')) return { demuxer: 'bmp_pipe', decoders: ['bmp'] };
  return null;
}

const FIT = `scale=w=min(${LONGEST_SIDE}\\,iw):h=min(${LONGEST_SIDE}\\,ih):force_original_aspect_ratio=decrease`;
/** Transparent parts become white, as viewers show them. */
const ON_WHITE =
  'format=rgba,split[a][b];[a]drawbox=c=white:t=fill:replace=1[c];[c][b]overlay=format=gbrp';

async function encodeCover(
  source: string,
  kind: Source,
  work: Work,
  index = 0,
): Promise<Cover | string> {
  const path = join(work.workDir, 'cover.jpg');
  const graph = `[0:v:${index}]${FIT},${ON_WHITE},scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p`;
  const end = await runFfmpeg({
    binary: work.ffmpeg,
    input: { path: source, ...kind, maxStreams: 8, maxSeconds: 1, maxPixels: MOST_PIXELS },
    // biome-ignore format: read as a command line
    outputs: [
      '-filter_complex', `${graph}[cover]`, '-map', '[cover]', '-map_metadata', '-1', '-bitexact',
      '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', `file:${path}`,
    ],
    cwd: work.workDir,
    signal: work.signal,
    deadlineMs: DEADLINE_MS,
    memory: MEMORY,
  });
  const made = end.exitCode === 0 ? readJpegSize(await readFile(path)) : null;
  if (made) return { path, ...made, size: (await stat(path)).size };
  await rm(path, { force: true });
  if (/max_pixels|Picture size .* is invalid/.test(end.log)) {
    return 'The cover was left out: it has too many pixels.';
  }
  return 'The cover was left out: it is broken.';
}

/** Reads width and height of a JPEG from its frame header (SOF). */
export function readJpegSize(bytes: Buffer): { width: number; height: number } | null {
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff) return null;
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return toNonZeroSize(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5));
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

function toNonZeroSize(width: number, height: number): { width: number; height: number } | null {
  return width > 0 && height > 0 ? { width, height } : null;
}
