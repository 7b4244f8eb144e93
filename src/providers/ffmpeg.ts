import { rm, writeFile } from 'node:fs/promises';
import { type FfmpegEnd, type FfmpegProcess, startProcess } from './ffmpeg-process.ts';

/**
 * One run of ffmpeg on one untrusted file. We choose demuxer, decoders and limits; the file chooses
 * nothing.
 */
export interface FfmpegRun extends FfmpegProcess {
  input: {
    path: string;
    /** Forced, never probed: probing would let a playlist named .mp3 open network connections. */
    demuxer: string;
    /** The only decoders that may open, by ffmpeg's names. */
    decoders: readonly string[];
    maxStreams: number;
    /** Input after this is not read. */
    maxSeconds: number;
    /** Where decoding starts, in seconds, frame-accurate. */
    fromSeconds?: number;
    /** Decodes keyframes alone, in a fraction of the time. */
    keyframesOnly?: boolean;
    /** The decoder refuses larger frames. */
    maxPixels?: number;
    /** Threads of each decoder; default 1. */
    threads?: number;
    /** Further options of the demuxer, which we choose: they never come from the file. */
    demuxerOptions?: readonly string[];
  };
  /** Everything after `-i`: maps, filters, encoders, `file:` and `pipe:` targets. */
  outputs: readonly string[];
}

/** Segments that we encoded, to join into one file without decoding. */
export interface FfmpegJoin extends Omit<FfmpegProcess, 'sinks' | 'memory'> {
  /** MP4 files in `cwd`, in order; names of letters, digits, dots and dashes. */
  segments: readonly { name: string; seconds: number }[];
  /** The file with the sound of all of them, named likewise. */
  sound?: string;
  outputs: readonly string[];
}

/** The largest single allocation of a decoder, in bytes: well above any ordinary frame. */
const MAX_ALLOC = 268_435_456;

/**
 * Runs ffmpeg without a shell, environment variables or network protocols, with a forced demuxer
 * and decoders, within limits of memory, time, CPU and file size. The process has ended (killed if
 * necessary) when this settles: on success, a sink's error, abort or deadline.
 * @throws the signal's reason, a sink's error, or an Error when ffmpeg cannot be started
 */
export function runFfmpeg(run: FfmpegRun): Promise<FfmpegEnd> {
  return startProcess(run, buildArguments(run));
}

/**
 * Joins files that we encoded. The only place where ffmpeg reads a list of files, which is written
 * here and never comes from outside. Limits as for runFfmpeg.
 */
export async function joinWithFfmpeg(join: FfmpegJoin): Promise<FfmpegEnd> {
  const lines = join.segments.map(({ name, seconds }) => `file ${name}\nduration ${seconds}`);
  // The demuxer's `safe` mode, its default, refuses paths outside this folder, and protocols.
  await writeFile(`${join.cwd}/segments.txt`, `ffconcat version 1.0\n${lines.join('\n')}\n`);
  const bounds = ['-protocol_whitelist', 'file', '-codec_whitelist', 'h264,aac'];
  // biome-ignore format: read as a command line
  const args = [
    '-nostdin', '-nostats', '-y', '-max_alloc', String(MAX_ALLOC),
    ...bounds, '-format_whitelist', 'concat,mov', '-f', 'concat', '-i', 'file:segments.txt',
    ...(join.sound ? [...bounds, '-format_whitelist', 'mov', '-f', 'mov', '-i', `file:${join.sound}`] : []),
    ...join.outputs,
  ];
  try {
    return await startProcess(join, args);
  } finally {
    await rm(`${join.cwd}/segments.txt`, { force: true });
  }
}

function buildArguments({ input, outputs }: FfmpegRun): string[] {
  // biome-ignore format: read as a command line
  return [
    '-nostdin', '-nostats', '-y',
    '-max_alloc', String(MAX_ALLOC),
    // Input options, up to -i. The prefix `file:` keeps a name from being parsed as another
    // protocol.
    '-protocol_whitelist', 'file',
    '-format_whitelist', input.demuxer,
    '-codec_whitelist', input.decoders.join(','),
    '-max_streams', String(input.maxStreams),
    '-probesize', '10000000', '-analyzeduration', '10000000',
    '-threads', String(input.threads ?? 1),
    // A change of size in mid-stream is left to the scale filter: building the filters anew would
    // reset the clock of those that count frames.
    '-reinit_filter', '0',
    ...(input.maxPixels ? ['-max_pixels', String(input.maxPixels)] : []),
    ...(input.keyframesOnly ? ['-skip_frame', 'nokey'] : []),
    ...(input.fromSeconds ? ['-ss', String(input.fromSeconds)] : []),
    '-t', String(input.maxSeconds),
    ...(input.demuxerOptions ?? []),
    '-f', input.demuxer,
    '-i', `file:${input.path}`,
    ...outputs,
  ];
}
