import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTools } from '../src/local/cloud.ts';
import type { Size } from './dataset.ts';
import { type Counted, load, requireWrk } from './load.ts';
import { startOurs } from './ours.ts';
import { cpuSeconds, peakMemory } from './process.ts';
import { startPeer, type Target } from './target.ts';
import { requestsOf, WORKS, type Work } from './works.ts';

export interface Options extends Size {
  connections: number;
  /** How many slices of each work. */
  slices: number;
  /** How long a slice is, in s. */
  seconds: number;
  works: string[];
}

/** One server in one slice. */
interface Slice extends Counted {
  perSecond: number;
  /** CPU of the server in µs a request. */
  cpu: number;
}

const POOL = 400;

/** Measures our gateway beside the floor and a plain server, and prints what it finds. */
export async function compare(options: Options): Promise<void> {
  await requireWrk();
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const tools = await startTools({ dir });
  const targets: Target[] = [];
  try {
    const { users, projects, tracks } = options;
    console.log(`Filling: ${users} users × ${projects} projects × ${tracks} tracks, three times.`);
    targets.push(await startOurs(tools.info, dir, options));
    for (const name of ['floor', 'plain'] as const) {
      targets.push(await startPeer(name, tools.info.mongodb, options));
    }
    const works = WORKS.filter(({ name }) => options.works.includes(name));
    for (const target of targets) {
      for (const work of works) await verify(work, target, options);
      for (const work of works) await slice(work, target, { ...options, seconds: 2 });
      await target.clear();
    }
    console.log(
      `Node ${process.version}, ${options.connections} connections, verified and warm.\n`,
    );
    console.log('| | server | req/s | × floor | × plain | p50 ms | p99 ms | CPU µs | × floor |');
    console.log('|---|---|---|---|---|---|---|---|---|');
    for (const work of works) print(work, targets, await measure(work, targets, options));
    const memory = targets.map(({ name, pid }) => `${name} ${peakMemory(pid).toFixed(0)}`);
    console.log(`\nPeak memory, MB: ${memory.join(', ')}`);
  } finally {
    for (const target of targets) await target.stop();
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** One request of each server, whose answer must be what was asked for. */
async function verify(work: Work, target: Target, size: Size): Promise<void> {
  const [sent] = requestsOf(work, target, size, 1);
  if (!sent) return;
  const { path, ...request } = sent;
  const answer = await fetch(target.base + path, request);
  const text = await answer.text();
  const isRight = answer.status === work.status && work.isRight(JSON.parse(text), size);
  if (!isRight) {
    throw new Error(`${target.name} ${work.name}: ${answer.status} ${text.slice(0, 500)}`);
  }
}

/** Slices that go round the servers: a busy moment of the machine meets them all. */
async function measure(
  work: Work,
  targets: Target[],
  options: Options,
): Promise<Map<Target, Slice[]>> {
  const found = new Map(targets.map((target) => [target, [] as Slice[]]));
  for (let i = 0; i < options.slices; i++) {
    for (const target of i % 2 ? targets.toReversed() : targets) {
      found.get(target)?.push(await slice(work, target, options));
      if (work.name === 'W1') await target.clear();
    }
  }
  return found;
}

async function slice(work: Work, target: Target, options: Options): Promise<Slice> {
  const requests = requestsOf(work, target, options, POOL);
  const before = cpuSeconds(target.pid);
  const counted = await load(target.base, requests, options.connections, options.seconds);
  const used = cpuSeconds(target.pid) - before;
  if (counted.failed > 0) {
    throw new Error(`${target.name} ${work.name}: ${counted.failed} of ${counted.requests} failed`);
  }
  const { seconds, requests: n } = counted;
  return { ...counted, perSecond: n / seconds, cpu: (used / n) * 1e6 };
}

function print(work: Work, targets: Target[], found: Map<Target, Slice[]>): void {
  const [, floor, plain] = targets.map((target) => found.get(target) ?? []);
  for (const [i, target] of targets.entries()) {
    const own = found.get(target) ?? [];
    const middle = (pick: (slice: Slice) => number) => median(own.map(pick));
    const over = (other: Slice[] | undefined, pick: (slice: Slice) => number) =>
      median(own.map((slice, k) => pick(slice) / pick(other?.[k] as Slice))).toFixed(2);
    const cells = [
      i === 0 ? `${work.name} ${work.title}` : '',
      target.name,
      middle((s) => s.perSecond).toFixed(0),
      over(floor, (s) => s.perSecond),
      over(plain, (s) => s.perSecond),
      middle((s) => s.p50).toFixed(1),
      middle((s) => s.p99).toFixed(1),
      middle((s) => s.cpu).toFixed(0),
      over(floor, (s) => s.cpu),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** The middle one. */
export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
