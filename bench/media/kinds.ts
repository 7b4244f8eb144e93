import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readPeakMemory } from '../process.ts';
import { median } from '../statistics.ts';
import { runFloor } from './floor.ts';
import type { Input } from './inputs.ts';

/** One kind of media, processed by us and by ffmpeg or sharp alone, alternating in the same run. */
export interface Compared {
  input: Input;
  /** Medians, in seconds. */
  ours: number;
  floor: number;
  first: number;
  /** The median of the ratios of the rounds. */
  ratio: number;
  /** The peak memory of our process and its programs, in MB. */
  peak: number;
}

/** Measures one input, after one round that is not counted. */
export async function compare(
  input: Input,
  { ffmpeg, folder, rounds }: { ffmpeg: string; folder: string; rounds: number },
): Promise<Compared> {
  const ours = startProcess('./ours.ts', input.kind, input.path, ffmpeg);
  const plain =
    input.kind === 'images' ? startProcess('./plain-image.ts', input.path, folder) : undefined;
  const peak = watchMemory(ours);
  const alone = async () => {
    if (plain) return (await askOnce(plain)).ms;
    const begun = performance.now();
    await runFloor(ffmpeg, input, folder);
    return performance.now() - begun;
  };
  const found = [];
  for (let round = 0; round <= rounds; round++) {
    const one = { floor: await alone(), ...(await askOnce(ours)) };
    if (round > 0) found.push(one);
  }
  const highest = peak();
  await Promise.all([ours, plain].map((child) => child && endProcess(child)));
  return {
    input,
    ours: median(found.map(({ ms }) => ms)) / 1000,
    floor: median(found.map((one) => one.floor)) / 1000,
    first: median(found.map(({ first }) => first)) / 1000,
    ratio: median(found.map((one) => one.ms / one.floor)),
    peak: highest,
  };
}

function startProcess(file: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args);
}

async function askOnce(child: ChildProcess): Promise<{ ms: number; first: number }> {
  const answer = once(child, 'message');
  child.send('go');
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('the process ended')));
  gone.catch(() => undefined);
  const [measured] = await Promise.race([answer, gone]);
  return measured;
}

async function endProcess(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

function watchMemory({ pid = 0 }: ChildProcess): () => number {
  let most = 0;
  const look = () => {
    most = Math.max(most, readPeakMemory(pid));
  };
  const timer = setInterval(look, 100);
  return () => {
    look();
    clearInterval(timer);
    return most;
  };
}
