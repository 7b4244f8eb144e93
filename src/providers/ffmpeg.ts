import { spawn } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/**
 * One run of ffmpeg over one untrusted file. Everything that a file could widen is given here, by
 * us.
 */
export interface FfmpegRun {
  /** Absolute path, or a name found in the usual folders. */
  binary: string;
  input: {
    path: string;
    /** Forced, never guessed: guessing is how a playlist named .mp3 becomes a network client. */
    demuxer: string;
    /** The only decoders that may open, in ffmpeg's names. */
    decoders: readonly string[];
    maxStreams: number;
    /** What comes after is not read. */
    maxSeconds: number;
    /** Decoding starts here, in seconds, on the frame: what lies before is skipped. */
    fromSeconds?: number;
    /** Frames that need others are skipped: a long video is seen in a fraction of its time. */
    keyframesOnly?: boolean;
    /** A frame that is larger is refused by the decoder itself. */
    maxPixels?: number;
    /** Of each decoder; 1 where nothing is said. */
    threads?: number;
  };
  /** Everything after `-i`: maps, filters, encoders, `file:` and `pipe:` targets. */
  outputs: readonly string[];
  /** Receivers of `pipe:1`, `pipe:3`, `pipe:4`…: a slow one slows ffmpeg, and nothing piles up. */
  sinks?: readonly ((chunk: Buffer) => void)[];
  cwd: string;
  signal: AbortSignal;
  deadlineMs: number;
  /** Address space and size of a file, in bytes; what one track needs where nothing is said. */
  memory?: number;
  fileSize?: number;
}

/** Our own pieces that become one file, without being decoded. */
export interface FfmpegJoin extends Pick<FfmpegRun, 'binary' | 'cwd' | 'signal' | 'deadlineMs'> {
  /** Names within `cwd`, of letters, digits, dots and dashes: MP4 that we made, in order. */
  segments: readonly { name: string; seconds: number }[];
  /** The sound of the whole, in one piece; a name like theirs. */
  sound?: string;
  outputs: readonly string[];
  fileSize?: number;
}

export interface FfmpegEnd {
  /** null when it was killed. */
  exitCode: number | null;
  /** What killed it, if anything did: SIGXCPU is its limit of CPU. */
  killedBy: NodeJS.Signals | null;
  timedOut: boolean;
  /** The last of what it said, at most 16 KiB. */
  log: string;
  /** `9.0.2`; `unknown` when it did not say. */
  version: string;
}

/** Where a bare name is looked for; /opt/bin is where Lambda layers put programs. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/opt/bin';
const LOG_BYTES = 16 * 1024;
const BANNER_BYTES = 200;
const MEMORY = 2_000_000_000;
const FILE_SIZE = 1_000_000_000;
/** The largest block one decoder may ask for: well above any honest frame or picture. */
const MAX_ALLOC = 268_435_456;

/**
 * Runs ffmpeg without a shell, an environment, a network protocol, or a choice of its own, within
 * limits of memory, time, CPU and file size. It is gone (SIGKILL) before this settles: on success,
 * on a sink's error, on abort, on deadline.
 * @throws the signal's reason, a sink's error, or an Error when ffmpeg cannot be started
 */
export function runFfmpeg(run: FfmpegRun): Promise<FfmpegEnd> {
  return start(run, argumentsOf(run));
}

/**
 * Joins files that we made ourselves: the only place where ffmpeg reads a list of files, and never
 * one that came from outside. Its bounds are those of runFfmpeg.
 */
export async function joinWithFfmpeg(join: FfmpegJoin): Promise<FfmpegEnd> {
  const lines = join.segments.map(({ name, seconds }) => `file ${name}\nduration ${seconds}`);
  // The demuxer's own `safe` mode (its default) takes no path out of this folder, and no protocol.
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
    return await start(join, args);
  } finally {
    await rm(`${join.cwd}/segments.txt`, { force: true });
  }
}

type Started = Omit<FfmpegRun, 'input' | 'outputs'>;

async function start(run: Started, programArgs: string[]): Promise<FfmpegEnd> {
  run.signal.throwIfAborted();
  const [command, args] = await limited(run, programArgs);
  run.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const sinks = run.sinks ?? [];
    const child = spawn(command, args, {
      cwd: run.cwd,
      env: { PATH },
      shell: false,
      // A group of its own, so that the kill reaches whatever the program itself started.
      detached: true,
      stdio: [
        'ignore',
        sinks[0] ? 'pipe' : 'ignore',
        'pipe',
        ...sinks.slice(1).map(() => 'pipe' as const),
      ],
    });
    let failure: unknown;
    let timedOut = false;
    let log = '';
    let banner = '';

    const kill = () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL'); // the group is gone already, or was never made
      }
    };
    const fail = (error: unknown) => {
      failure ??= error;
      kill();
    };
    const onAbort = () => fail(run.signal.reason);
    const deadline = setTimeout(() => {
      timedOut = true;
      kill();
    }, run.deadlineMs);
    run.signal.addEventListener('abort', onAbort, { once: true });

    child.stderr?.on('data', (chunk: Buffer) => {
      if (banner.length < BANNER_BYTES) banner += chunk.toString('latin1', 0, BANNER_BYTES);
      log = (log + chunk.toString('latin1')).slice(-LOG_BYTES);
    });
    for (const [index, sink] of sinks.entries()) {
      // Descriptors 1, 3, 4…, opened for reading above.
      const pipe = child.stdio[index === 0 ? 1 : index + 2] as Readable;
      pipe.on('data', (chunk: Buffer) => {
        if (failure !== undefined || timedOut) return;
        try {
          sink(chunk);
        } catch (error) {
          fail(error);
        }
      });
      pipe.on('error', fail);
    }
    child.on('error', fail);
    // After a kill nothing more is wanted, and a grandchild could hold the pipes open for ever.
    child.on('exit', () => {
      if (failure === undefined && !timedOut) return;
      for (const stream of child.stdio) stream?.destroy();
    });
    child.on('close', (exitCode, killedBy) => {
      clearTimeout(deadline);
      run.signal.removeEventListener('abort', onAbort);
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      const version = /^ffmpeg version n?(\d[\d.]*)/.exec(banner)?.[1] ?? 'unknown';
      const said = Buffer.from(log, 'latin1').toString('utf8');
      resolve({ exitCode, killedBy, timedOut, log: said, version });
    });
  });
}

function argumentsOf({ input, outputs }: FfmpegRun): string[] {
  // biome-ignore format: read as a command line
  return [
    '-nostdin', '-nostats', '-y',
    '-max_alloc', String(MAX_ALLOC),
    // From here to -i: options of the input. `file:` keeps a name from being read as another
    // protocol.
    '-protocol_whitelist', 'file',
    '-format_whitelist', input.demuxer,
    '-codec_whitelist', input.decoders.join(','),
    '-max_streams', String(input.maxStreams),
    '-probesize', '10000000', '-analyzeduration', '10000000',
    '-threads', String(input.threads ?? 1),
    ...(input.maxPixels ? ['-max_pixels', String(input.maxPixels)] : []),
    ...(input.keyframesOnly ? ['-skip_frame', 'nokey'] : []),
    ...(input.fromSeconds ? ['-ss', String(input.fromSeconds)] : []),
    '-t', String(input.maxSeconds),
    '-f', input.demuxer,
    '-i', `file:${input.path}`,
    ...outputs,
  ];
}

/**
 * Under prlimit where there is one: address space, CPU, file size, open files, no core. It execs,
 * so the pid is ffmpeg's.
 */
async function limited(run: Started, args: string[]): Promise<[string, string[]]> {
  const prlimit = await prlimitPath();
  if (!prlimit) return [run.binary, args];
  const cpuSeconds = Math.ceil((run.deadlineMs / 1000) * 4) + 1;
  const limits = [
    `--as=${run.memory ?? MEMORY}`,
    `--cpu=${cpuSeconds}`,
    `--fsize=${run.fileSize ?? FILE_SIZE}`,
    '--nofile=64',
    '--core=0',
  ];
  return [prlimit, [...limits, run.binary, ...args]];
}

let found: Promise<string | null> | undefined;

function prlimitPath(): Promise<string | null> {
  found ??= access('/usr/bin/prlimit', constants.X_OK).then(
    () => '/usr/bin/prlimit',
    () => null,
  );
  return found;
}
