import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** How a program runs: its working directory, pipes and limits. */
export interface FfmpegProcess {
  /** Absolute path, or a name to look up in the usual folders. */
  binary: string;
  /**
   * Consumers of `pipe:1`, `pipe:3`, `pipe:4`…: called synchronously, so a slow one slows ffmpeg
   * (backpressure).
   */
  sinks?: readonly ((chunk: Buffer) => void)[];
  cwd: string;
  signal: AbortSignal;
  deadlineMs: number;
  /** Limits of address space and of an output file, in bytes; the defaults suit audio. */
  memory?: number;
  fileSize?: number;
  /** How many files it may have open at once. */
  openFiles?: number;
}

export interface FfmpegEnd {
  /** null when killed. */
  exitCode: number | null;
  /** The signal that killed it, if any: SIGXCPU is the CPU limit. */
  killedBy: NodeJS.Signals | null;
  timedOut: boolean;
  /** The end of its log, at most 16 KiB. */
  log: string;
  /** `9.0.2`; `unknown` if not logged. */
  version: string;
}

/** Where programs are looked up; Lambda layers put theirs into /opt/bin. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/opt/bin';
const LOG_BYTES = 16 * 1024;
const BANNER_BYTES = 200;
const MEMORY = 2_000_000_000;
const FILE_SIZE = 1_000_000_000;
const OPEN_FILES = 64;

/**
 * Starts ffmpeg, and waits for its end. The process has ended, killed if necessary, when this
 * settles.
 * @throws the signal's reason, a sink's error, or an Error when the program cannot be started
 */
export async function startProcess(run: FfmpegProcess, programArgs: string[]): Promise<FfmpegEnd> {
  run.signal.throwIfAborted();
  const [command, args] = await addLimits(run, programArgs);
  run.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const sinks = run.sinks ?? [];
    const child = spawn(command, args, {
      cwd: run.cwd,
      env: { PATH },
      shell: false,
      // A process group of its own, so that a kill also reaches child processes of the program.
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
        child.kill('SIGKILL'); // the process group has ended, or was never created
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
      // File descriptors 1, 3, 4…, opened as pipes above.
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
    // After a kill the pipes are closed here, because a grandchild process could hold them open for
    // ever.
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
      const text = Buffer.from(log, 'latin1').toString('utf8');
      resolve({ exitCode, killedBy, timedOut, log: text, version });
    });
  });
}

/**
 * Wraps the command in prlimit, if installed: limits address space, CPU time, file size and open
 * files, and disables core dumps. prlimit execs the command, so the pid is ffmpeg's.
 */
async function addLimits(run: FfmpegProcess, args: string[]): Promise<[string, string[]]> {
  const prlimit = await findPrlimit();
  if (!prlimit) return [run.binary, args];
  const cpuSeconds = Math.ceil((run.deadlineMs / 1000) * 4) + 1;
  const limits = [
    `--as=${run.memory ?? MEMORY}`,
    `--cpu=${cpuSeconds}`,
    `--fsize=${run.fileSize ?? FILE_SIZE}`,
    `--nofile=${run.openFiles ?? OPEN_FILES}`,
    '--core=0',
  ];
  return [prlimit, [...limits, run.binary, ...args]];
}

let prlimitPromise: Promise<string | null> | undefined;

function findPrlimit(): Promise<string | null> {
  prlimitPromise ??= access('/usr/bin/prlimit', constants.X_OK).then(
    () => '/usr/bin/prlimit',
    () => null,
  );
  return prlimitPromise;
}
