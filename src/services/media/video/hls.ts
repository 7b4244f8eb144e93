import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { perSecond, type Rate } from './rate.ts';

/** A file of a stream. */
export interface StreamFile {
  /** `720p.m4s`: beside the others, in one folder. */
  name: string;
  /** Absolute. */
  path: string;
  contentType: 'application/vnd.apple.mpegurl' | 'video/mp4' | 'audio/mp4';
  size: number;
}

/** One playlist of a stream, as its master playlist tells of it. */
export interface StreamPart {
  name: string;
  /** Of its busiest segment, and of all, in bits a second. */
  bandwidth: number;
  averageBandwidth: number;
  /** As RFC 6381 writes it: `avc1.64001f`. */
  codecs: string;
  width?: number;
  height?: number;
}

export interface Stream {
  /** `master.m3u8`, which names all others, comes last. */
  files: StreamFile[];
  renditions: StreamPart[];
  audio: StreamPart | null;
}

const SEGMENT_SECONDS = 4;
const PLAYLIST = 'application/vnd.apple.mpegurl';

/**
 * How a rendition leaves ffmpeg: one file with ranges of bytes, whose address is signed once, and a
 * list of them.
 */
export const hlsTo = (name: string): string[] => [
  ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
  ...['-hls_segment_type', 'fmp4', '-hls_flags', 'single_file+independent_segments'],
  ...['-hls_segment_filename', `${name}.m4s`, `${name}.m3u8`],
];

/** A rendition, or the sound, as ffmpeg wrote it, and its files: the playlist last. */
export async function readPart(
  workDir: string,
  name: string,
): Promise<{ part: StreamPart; files: StreamFile[] }> {
  const files = await Promise.all([
    fileOf(workDir, `${name}.m4s`, name === 'audio' ? 'audio/mp4' : 'video/mp4'),
    fileOf(workDir, `${name}.m3u8`, PLAYLIST),
  ]);
  return { part: await partOf(workDir, name), files };
}

/** Writes the master playlist over its parts. */
export async function writeMaster(
  workDir: string,
  pictures: readonly StreamPart[],
  audio: StreamPart | null,
  rate: Rate,
): Promise<StreamFile> {
  await writeFile(join(workDir, 'master.m3u8'), master(pictures, audio, rate));
  return fileOf(workDir, 'master.m3u8', PLAYLIST);
}

/** Source: RFC 8216 §4.3.4. Sound and picture are added up: a player loads both. */
function master(pictures: readonly StreamPart[], audio: StreamPart | null, rate: Rate): string {
  const group = 'TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES';
  const lines = pictures.flatMap((part) => {
    const attributes = [
      `BANDWIDTH=${part.bandwidth + (audio?.bandwidth ?? 0)}`,
      `AVERAGE-BANDWIDTH=${part.averageBandwidth + (audio?.averageBandwidth ?? 0)}`,
      `CODECS="${[part.codecs, ...(audio ? [audio.codecs] : [])].join(',')}"`,
      `RESOLUTION=${part.width}x${part.height}`,
      `FRAME-RATE=${perSecond(rate).toFixed(3)}`,
      ...(audio ? ['AUDIO="audio"'] : []),
    ];
    return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${part.name}.m3u8`];
  });
  const sound = audio ? [`#EXT-X-MEDIA:${group},URI="audio.m3u8"`] : [];
  return `${['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...sound, ...lines].join('\n')}\n`;
}

async function partOf(workDir: string, name: string): Promise<StreamPart> {
  const playlist = await readFile(join(workDir, `${name}.m3u8`), 'utf8');
  const segments = [...playlist.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)/g)].map(
    ([, seconds, bytes]) => ({ seconds: Number(seconds), bits: Number(bytes) * 8 }),
  );
  const sum = (of: (segment: { seconds: number; bits: number }) => number) =>
    segments.reduce((total, segment) => total + of(segment), 0);
  return {
    name,
    // A last segment of one frame is no measure of what is needed.
    bandwidth: Math.max(
      ...segments.map(({ bits, seconds }) => Math.ceil(bits / Math.max(seconds, 1))),
    ),
    averageBandwidth: Math.ceil(
      sum(({ bits }) => bits) /
        Math.max(
          sum(({ seconds }) => seconds),
          0.001,
        ),
    ),
    codecs: name === 'audio' ? 'mp4a.40.2' : await codecsOf(join(workDir, `${name}.m4s`)),
  };
}

/** Profile, constraints and level, from the decoder's configuration in the file's first bytes. */
async function codecsOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    const at = buffer.indexOf('avcC', 0, 'latin1');
    if (at < 0) throw new Error('ffmpeg made a rendition without a configuration');
    return `avc1.${buffer.toString('hex', at + 5, at + 8)}`;
  } finally {
    await file.close();
  }
}

async function fileOf(
  workDir: string,
  name: string,
  contentType: StreamFile['contentType'],
): Promise<StreamFile> {
  const path = join(workDir, name);
  return { name, path, contentType, size: (await stat(path)).size };
}
