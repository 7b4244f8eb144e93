import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { peakMemory } from '../process.ts';
import { floor } from './floor.ts';
import type { Input } from './inputs.ts';

/** One kind of media, by us and by ffmpeg or sharp alone, in turn in the same run. */
export interface Compared {
  input: Input;
  /** Medians, in seconds. */
  ours: number;
  floor: number;
  first: number;
  /** The median of the rounds' own ratios. */
  ratio: number;
  /** Our process and its programs, each at its highest, in MB. */
  peak: number;
}

/** Measures one input after a round that warms both. */
export async function compare(
  input: Input,
  { ffmpeg, folder, rounds }: { ffmpeg: string; folder: string; rounds: number },
): Promise<Compared> {
  const ours = started('./ours.ts', input.kind, input.path, ffmpeg);
  const plain =
    input.kind === 'images' ? started('./plain-image.ts', input.path, folder) : undefined;
  const peak = watchMemory(ours);
  const alone = async () => {
    if (plain) return (await asked(plain)).ms;
    const begun = performance.now();
    await floor(ffmpeg, input, folder);
    return performance.now() - begun;
  };
  const found = [];
  for (let round = 0; round <= rounds; round++) {
    const one = { floor: await alone(), ...(await asked(ours)) };
    if (round > 0) found.push(one);
  }
  const highest = peak();
  await Promise.all([ours, plain].map((child) => child && ended(child)));
  return {
    input,
    ours: median(found.map(({ ms }) => ms)) / 1000,
    floor: median(found.map((one) => one.floor)) / 1000,
    first: median(found.map(({ first }) => first)) / 1000,
    ratio: median(found.map((one) => one.ms / one.floor)),
    peak: highest,
  };
}

/** The one in the middle. */
export function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function started(file: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args);
}

async function asked(child: ChildProcess): Promise<{ ms: number; first: number }> {
  const answer = once(child, 'message');
  child.send('go');
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('the process ended')));
  gone.catch(() => undefined);
  const [told] = await Promise.race([answer, gone]);
  return told;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

function watchMemory({ pid = 0 }: ChildProcess): () => number {
  let most = 0;
  const look = () => {
    most = Math.max(most, peakMemory(pid));
  };
  const timer = setInterval(look, 100);
  return () => {
    look();
    clearInterval(timer);
    return most;
  };
}
