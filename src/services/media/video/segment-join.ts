import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { joinWithFfmpeg } from '../../../providers/ffmpeg.ts';
import type { DerivativeFile } from '../processor.ts';
import {
  buildHlsOutput,
  type MediaPlaylist,
  readMediaPlaylist,
  type Stream,
  type StreamFile,
  writeMasterPlaylist,
} from './hls-playlists.ts';
import type { Rate } from './rate.ts';
import type { Rendition } from './renditions.ts';
import { nameSegmentFile, type Segment } from './segment-plan.ts';

/** Encoded segments in `workDir`, under the names that `encodeSegment` gave them. */
export interface JoinInput {
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
  segments: readonly Segment[];
  rate: Rate;
  /** Whether `sound.m4a` is there, too. */
  hasSound: boolean;
}

/** Joins the segments of a preview with its sound, without decoding. */
export async function joinSegments(
  input: JoinInput,
  { size }: Pick<Rendition, 'size'>,
): Promise<DerivativeFile> {
  const sound = input.hasSound ? ['-map', '1:a:0', '-c:a', 'copy'] : [];
  await joinRendition(input, 'preview', input.hasSound, [
    ...['-map', '0:v:0', '-c:v', 'copy', ...sound, '-map_metadata', '-1', '-bitexact'],
    ...['-movflags', '+faststart', '-f', 'mp4', 'file:preview.mp4'],
  ]);
  const path = join(input.workDir, 'preview.mp4');
  const bytes = (await stat(path)).size;
  return { name: 'preview', path, contentType: 'video/mp4', size: bytes, ...size };
}

/** Transfers the files of a stream one rendition at a time, because the disk cannot hold more. */
export interface SegmentTransfer {
  /** Fetches the segments of a rendition into `workDir`; they are deleted once it is joined. */
  fetchRendition(rendition: string): Promise<void>;
  /** Uploads a finished file, and deletes it. */
  deliverFile(file: StreamFile): Promise<void>;
}

/**
 * Joins the segments of a stream, one rendition after the other, and writes the master playlist.
 */
export async function joinLadder(
  input: JoinInput,
  renditions: readonly Rendition[],
  { fetchRendition, deliverFile }: SegmentTransfer,
): Promise<Omit<Stream, 'files'>> {
  const { workDir, segments } = input;
  const noMetadata = ['-map_metadata', '-1', '-bitexact'];
  const deliverPlaylist = async (name: string) => {
    const { playlist, files } = await readMediaPlaylist(workDir, name);
    for (const file of files) await deliverFile(file);
    return playlist;
  };
  const pictures: MediaPlaylist[] = [];
  let audio: MediaPlaylist | null = null;
  for (const { name, size } of renditions) {
    await fetchRendition(name);
    await joinRendition(input, name, false, [
      '-map',
      '0:v:0',
      '-c',
      'copy',
      ...noMetadata,
      ...buildHlsOutput(name),
    ]);
    pictures.push({ ...(await deliverPlaylist(name)), ...size });
    if (input.hasSound && !audio) {
      const args = ['-map', '1:a:0', '-c', 'copy', ...noMetadata, ...buildHlsOutput('audio')];
      await joinRendition(input, name, true, args);
      audio = await deliverPlaylist('audio');
    }
    for (const number of segments.keys()) await rm(join(workDir, nameSegmentFile(name, number)));
  }
  await deliverFile(await writeMasterPlaylist(workDir, pictures, audio, input.rate));
  return { renditions: pictures, audio };
}

/**
 * Deadline of a join. Nothing is decoded, so it takes seconds; ten minutes are ample for the
 * longest video.
 */
const JOIN_MS = 600_000;

async function joinRendition(
  { workDir, ffmpeg, signal, segments }: JoinInput,
  name: string,
  withSound: boolean,
  outputs: readonly string[],
): Promise<void> {
  const end = await joinWithFfmpeg({
    ...{ binary: ffmpeg, cwd: workDir, signal, deadlineMs: JOIN_MS, fileSize: 10_000_000_000 },
    segments: segments.map(({ from, to }, n) => ({
      name: nameSegmentFile(name, n),
      seconds: to - from,
    })),
    ...(withSound && { sound: 'sound.m4a' }),
    outputs,
  });
  // We encoded the segments, so a failure is not the file's fault: the job is retried.
  if (end.exitCode !== 0) throw new Error('ffmpeg could not join the segments', { cause: end.log });
}
