import type { Size } from './dataset.ts';
import { type Counted, load } from './load.ts';
import { readCpuSeconds } from './process.ts';
import type { Server } from './server.ts';
import { WORKS, type Work } from './works.ts';

export interface Options extends Size {
  connections: number;
  /** How many slices of each work. */
  slices: number;
  /** How long a slice is, in s. */
  seconds: number;
  works: string[];
}

/** What one server did in one slice of time. */
export interface Slice extends Counted {
  perSecond: number;
  /** CPU of the server in µs a request. */
  cpu: number;
}

const POOL = 400;

/** The works that were asked for. */
export function chooseWorks({ works }: Options): Work[] {
  return WORKS.filter(({ name }) => works.includes(name));
}

/**
 * Checks one answer to each work, then sends each work for two seconds, so that the measured slices
 * meet a warm server.
 */
export async function warmUp(server: Server, works: Work[], options: Options): Promise<void> {
  for (const work of works) await verify(work, server, options);
  for (const work of works) await runSlice(work, server, { ...options, seconds: 2 });
  await server.clear();
}

/**
 * Measures a work in slices that alternate between the servers, so that a busy moment of the
 * machine affects all alike.
 */
export async function measure(work: Work, servers: Server[], options: Options): Promise<Slice[][]> {
  const found = servers.map((): Slice[] => []);
  const turns = [...servers.entries()];
  for (let i = 0; i < options.slices; i++) {
    for (const [index, server] of i % 2 ? turns.toReversed() : turns) {
      found[index]?.push(await runSlice(work, server, options));
      if (work.name === 'W1') await server.clear();
    }
  }
  return found;
}

/** @throws Error when the answer is not what the work asks for */
export async function verify(work: Work, server: Server, size: Size): Promise<void> {
  const [sent] = await server.requests(work, 1);
  if (!sent) return;
  const { path, ...request } = sent;
  const answer = await fetch(server.base + path, request);
  const text = await answer.text();
  const isRight = answer.status === work.status && work.isRight(JSON.parse(text), size);
  if (!isRight) {
    throw new Error(`${server.name} ${work.name}: ${answer.status} ${text.slice(0, 500)}`);
  }
}

async function runSlice(work: Work, server: Server, options: Options): Promise<Slice> {
  const requests = await server.requests(work, POOL);
  const before = readCpuSeconds(server.pid);
  const counted = await load(server.base, requests, options.connections, options.seconds);
  const used = readCpuSeconds(server.pid) - before;
  if (counted.failed > 0) {
    throw new Error(`${server.name} ${work.name}: ${counted.failed} of ${counted.requests} failed`);
  }
  const { seconds, requests: n } = counted;
  return { ...counted, perSecond: n / seconds, cpu: (used / n) * 1e6 };
}
