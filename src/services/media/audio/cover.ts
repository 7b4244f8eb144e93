import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';

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

/**
 * Re-encodes the embedded cover as a JPEG of at most 1000 pixels a side, so that no byte of the
 * untrusted original is served. Returns the reason instead, a warning for the client, when the
 * picture is too large, broken, or neither JPEG nor PNG.
 */
export async function makeCover(data: Uint8Array, work: Work): Promise<Cover | string> {
  if (data.length > MOST_BYTES) return 'The cover was left out: it is larger than 10 MB.';
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const kind = detectFormat(bytes);
  if (!kind) return 'The cover was left out: it is neither JPEG nor PNG.';
  const size = kind.demuxer === 'png_pipe' ? readPngSize(bytes) : readJpegSize(bytes);
  if (!size) return 'The cover was left out: it is broken.';
  if (size.width * size.height > MOST_PIXELS)
    return 'The cover was left out: it has too many pixels.';
  return encodeCover(bytes, kind, work);
}

function detectFormat(bytes: Buffer) {
  if (bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n')
    return { demuxer: 'png_pipe', decoders: ['png'] };
  if (bytes.toString('hex', 0, 3) === 'ffd8ff')
    return { demuxer: 'jpeg_pipe', decoders: ['mjpeg'] };
  return null;
}

async function encodeCover(
  bytes: Buffer,
  kind: { demuxer: string; decoders: string[] },
  work: Work,
) {
  const source = join(work.workDir, 'cover-source');
  const path = join(work.workDir, 'cover.jpg');
  await writeFile(source, bytes);
  try {
    const end = await runFfmpeg({
      binary: work.ffmpeg,
      input: { path: source, ...kind, maxStreams: 1, maxSeconds: 1 },
      outputs: [
        ...[
          '-map',
          '0:v:0',
          '-an',
          '-sn',
          '-dn',
          '-map_metadata',
          '-1',
          '-bitexact',
          '-frames:v',
          '1',
        ],
        ...[
          '-vf',
          `scale=w=min(${LONGEST_SIDE}\\,iw):h=min(${LONGEST_SIDE}\\,ih):force_original_aspect_ratio=decrease`,
        ],
        ...['-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', `file:${path}`],
      ],
      cwd: work.workDir,
      signal: work.signal,
      deadlineMs: DEADLINE_MS,
    });
    const made = end.exitCode === 0 ? readJpegSize(await readFile(path)) : null;
    if (made) return { path, ...made, size: (await stat(path)).size };
    await rm(path, { force: true });
    return 'The cover was left out: it is broken.';
  } finally {
    await rm(source, { force: true });
  }
}

/** Reads width and height of a PNG from its first chunk. */
function readPngSize(bytes: Buffer): { width: number; height: number } | null {
  if (bytes.length < 24 || bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  return toNonZeroSize(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
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
