import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTools } from '../src/local/cloud.ts';
import { requireWrk } from './load.ts';
import { startOurs } from './ours.ts';
import { readPeakMemory } from './process.ts';
import { makeServer, type Server } from './server.ts';
import { chooseWorks, measure, type Options, type Slice, warmUp } from './slices.ts';
import { divide, median } from './statistics.ts';
import { startPeer } from './target.ts';
import type { Work } from './works.ts';

/** Measures our gateway beside the floor and a plain server, and prints the result. */
export async function compare(options: Options): Promise<void> {
  await requireWrk();
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const tools = await startTools({ dir });
  const servers: Server[] = [];
  try {
    const { users, projects, tracks } = options;
    console.log(`Filling: ${users} users × ${projects} projects × ${tracks} tracks, three times.`);
    servers.push(makeServer(await startOurs(tools.info, dir, options), options));
    for (const name of ['floor', 'plain'] as const) {
      servers.push(makeServer(await startPeer(name, tools.info.mongodb, options), options));
    }
    const works = chooseWorks(options);
    for (const server of servers) await warmUp(server, works, options);
    console.log(
      `Node ${process.version}, ${options.connections} connections, verified and warm.\n`,
    );
    console.log('| | server | req/s | × floor | × plain | p50 ms | p99 ms | CPU µs | × floor |');
    console.log('|---|---|---|---|---|---|---|---|---|');
    for (const work of works) print(work, servers, await measure(work, servers, options));
    const memory = servers.map(({ name, pid }) => `${name} ${readPeakMemory(pid).toFixed(0)}`);
    console.log(`\nPeak memory, MB: ${memory.join(', ')}`);
  } finally {
    for (const server of servers) await server.stop();
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function print(work: Work, servers: Server[], found: Slice[][]): void {
  const [, floor = [], plain = []] = found;
  for (const [i, server] of servers.entries()) {
    const own = found[i] ?? [];
    const middle = (pick: (slice: Slice) => number) => median(own.map(pick));
    const over = (other: Slice[], pick: (slice: Slice) => number) =>
      median(divide(own.map(pick), other.map(pick))).toFixed(2);
    const cells = [
      i === 0 ? `${work.name} ${work.title}` : '',
      server.name,
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
