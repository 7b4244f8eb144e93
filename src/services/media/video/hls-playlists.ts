import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Rate, toFramesPerSecond } from './rate.ts';

/** A file of an HLS stream. */
export interface StreamFile {
  /** `720p.m4s`; all files of a stream are in one folder. */
  name: string;
  /** Absolute. */
  path: string;
  contentType: 'application/vnd.apple.mpegurl' | 'video/mp4' | 'audio/mp4';
  size: number;
}

/** A media playlist, as the master playlist describes it. */
export interface MediaPlaylist {
  name: string;
  /** Bits per second of its largest segment, and on average. */
  bandwidth: number;
  averageBandwidth: number;
  /** As RFC 6381 writes it: `avc1.64001f`. */
  codecs: string;
  width?: number;
  height?: number;
}

export interface Stream {
  /** The last is `master.m3u8`, which refers to the others. */
  files: StreamFile[];
  renditions: MediaPlaylist[];
  audio: MediaPlaylist | null;
}

const SEGMENT_SECONDS = 4;
const PLAYLIST = 'application/vnd.apple.mpegurl';

/**
 * The output options of a rendition: one media file addressed by byte ranges, so that only one URL
 * has to be signed, and its playlist.
 */
export const buildHlsOutput = (name: string): string[] => [
  ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
  ...['-hls_segment_type', 'fmp4', '-hls_flags', 'single_file+independent_segments'],
  ...['-hls_segment_filename', `${name}.m4s`, `${name}.m3u8`],
];

/**
 * Reads the playlist of a rendition, or of the sound, that ffmpeg wrote. Its files are listed
 * playlist last.
 */
export async function readMediaPlaylist(
  workDir: string,
  name: string,
): Promise<{ playlist: MediaPlaylist; files: StreamFile[] }> {
  const files = await Promise.all([
    describeFile(workDir, `${name}.m4s`, name === 'audio' ? 'audio/mp4' : 'video/mp4'),
    describeFile(workDir, `${name}.m3u8`, PLAYLIST),
  ]);
  return { playlist: await parseMediaPlaylist(workDir, name), files };
}

/** Writes the master playlist. */
export async function writeMasterPlaylist(
  workDir: string,
  pictures: readonly MediaPlaylist[],
  audio: MediaPlaylist | null,
  rate: Rate,
): Promise<StreamFile> {
  await writeFile(join(workDir, 'master.m3u8'), formatMasterPlaylist(pictures, audio, rate));
  return describeFile(workDir, 'master.m3u8', PLAYLIST);
}

/** Source: RFC 8216 §4.3.4. Bandwidths are of picture plus sound: a player loads both. */
function formatMasterPlaylist(
  pictures: readonly MediaPlaylist[],
  audio: MediaPlaylist | null,
  rate: Rate,
): string {
  const group = 'TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES';
  const lines = pictures.flatMap((playlist) => {
    const attributes = [
      `BANDWIDTH=${playlist.bandwidth + (audio?.bandwidth ?? 0)}`,
      `AVERAGE-BANDWIDTH=${playlist.averageBandwidth + (audio?.averageBandwidth ?? 0)}`,
      `CODECS="${[playlist.codecs, ...(audio ? [audio.codecs] : [])].join(',')}"`,
      `RESOLUTION=${playlist.width}x${playlist.height}`,
      `FRAME-RATE=${toFramesPerSecond(rate).toFixed(3)}`,
      ...(audio ? ['AUDIO="audio"'] : []),
    ];
    return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${playlist.name}.m3u8`];
  });
  const sound = audio ? [`#EXT-X-MEDIA:${group},URI="audio.m3u8"`] : [];
  return `${['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...sound, ...lines].join('\n')}\n`;
}

async function parseMediaPlaylist(workDir: string, name: string): Promise<MediaPlaylist> {
  const playlist = await readFile(join(workDir, `${name}.m3u8`), 'utf8');
  const segments = [...playlist.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)/g)].map(
    ([, seconds, bytes]) => ({ seconds: Number(seconds), bits: Number(bytes) * 8 }),
  );
  const sum = (of: (segment: { seconds: number; bits: number }) => number) =>
    segments.reduce((total, segment) => total + of(segment), 0);
  return {
    name,
    // At least one second, because the rate of a last segment of a single frame would be
    // misleading.
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
    codecs: name === 'audio' ? 'mp4a.40.2' : await readCodecs(join(workDir, `${name}.m4s`)),
  };
}

/**
 * Reads profile, constraints and level from the decoder configuration (avcC) in the first bytes of
 * the file.
 */
async function readCodecs(path: string): Promise<string> {
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

async function describeFile(
  workDir: string,
  name: string,
  contentType: StreamFile['contentType'],
): Promise<StreamFile> {
  const path = join(workDir, name);
  return { name, path, contentType, size: (await stat(path)).size };
}
