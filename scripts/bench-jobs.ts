// `npm run bench:jobs [-- --queued 100000 --claims 2000]`: how long a claim takes with many jobs queued, of one user and
// of a thousand, beside the least that it can be: a bare findOneAndUpdate; and how many jobs a second go
// through the whole cycle. Compare the ratios; absolute times depend on the machine.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Db, MongoClient, UUID } from 'mongodb';
import { withDatabase } from '../src/data/connection-string.ts';
import { startMongod } from '../src/local/mongod.ts';
import { findFreePort } from '../src/local/process/ports.ts';
import { loadSecrets } from '../src/local/secrets.ts';
import { find } from '../src/local/tools/find.ts';
import { mongod as tool } from '../src/local/tools/mongod.ts';
import { formatTable } from './docs/markdown.ts';

const { values } = parseArgs({
  options: {
    queued: { type: 'string', default: '100000' },
    claims: { type: 'string', default: '2000' },
  },
});
const [queued, claims] = [Number(values.queued), Number(values.claims)];
const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-jobs-'));
const log = () => undefined;
const port = await findFreePort();
const mongod = await startMongod({ dir, port, binary: await find(tool, log), log });
const uri = withDatabase(mongod.uri, 'jobs');
const { TOKEN_KEYS, APP_SECRET } = loadSecrets(dir);
const env = { MONGODB_URI: uri, MEDIA_BUCKET: 'none', LOG_LEVEL: 'ERROR', TOKEN_KEYS, APP_SECRET };
Object.assign(process.env, env);
const client = await MongoClient.connect(uri);
const db = client.db('jobs');
try {
  await promisify(execFile)(process.execPath, ['scripts/migrate.ts', 'upgrade', 'head']);
  await measure();
} finally {
  await client.close();
  await mongod.stop();
  await rm(dir, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}, ${queued} jobs queued\n`);
  const rows: string[][] = [];
  for (const users of [1, 1000]) {
    await fill(db, users);
    for (const workers of [1, 16, 64]) {
      const floor = await run('floor', workers);
      const ours = await run('claim', workers);
      rows.push([
        ...[String(users), String(workers), show(floor, 0.5), show(floor, 0.99)],
        ...[show(ours, 0.5), show(ours, 0.99)],
        (quantile(ours, 0.5) / quantile(floor, 0.5)).toFixed(2),
      ]);
    }
  }
  const heads = ['users', 'workers', 'floor p50, ms', 'floor p99', 'claim p50, ms', 'claim p99'];
  console.log(formatTable([...heads, 'claim ÷ floor'], rows));
  const cycles: string[][] = [];
  for (const workers of [1, 16, 64]) {
    const start = performance.now();
    const times = await run('cycle', workers);
    const seconds = (performance.now() - start) / 1000;
    cycles.push([String(workers), (times.length / seconds).toFixed(0), show(times, 0.5)]);
  }
  console.log(formatTable(['workers', 'jobs a second, whole cycle', 'p50 of one, ms'], cycles));
}

/** Has so many workers claim from the queue, which is full again afterwards. @returns the time of each, in ms */
async function run(kind: string, workers: number): Promise<number[]> {
  const each = Math.ceil(claims / workers);
  const threads = Math.min(workers, cpus().length);
  const lanes = Math.ceil(workers / threads);
  const file = new URL('../bench/jobs/worker.ts', import.meta.url);
  const done = Array.from({ length: threads }, () => {
    const worker = new Worker(file, { workerData: { kind, lanes, each } });
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    worker.once('message', (times) => {
      resolve(times);
      void worker.terminate();
    });
    worker.once('error', reject);
    return promise;
  });
  const times = (await Promise.all(done)).flat();
  await refill(db);
  return times;
}

async function fill(database: Db, users: number): Promise<void> {
  const jobs = database.collection('jobs');
  await jobs.deleteMany({});
  const owners = Array.from({ length: users }, () => new UUID());
  const now = new Date();
  for (let from = 0; from < queued; from += 10_000) {
    const some = Array.from({ length: Math.min(10_000, queued - from) }, (_, i) =>
      makeJob(owners[(from + i) % users], 2 * Math.floor((from + i) / users), now),
    );
    await jobs.insertMany(some as never[], { ordered: false });
  }
}

/** Puts new jobs in the places of those that were taken; of one that has completed its turn is gone. */
async function refill(database: Db): Promise<void> {
  const jobs = database.collection('jobs');
  const taken = { status: { $ne: 'QUEUED' } };
  const places = await jobs.find(taken, { projection: { user: 1, turn: 1 } }).toArray();
  await jobs.deleteMany(taken);
  const now = new Date();
  await jobs.insertMany(places.map(({ user, turn }) => makeJob(user, turn ?? 0, now)) as never[]);
}

function makeJob(user: unknown, turn: number, now: Date) {
  return {
    ...{ _id: new UUID(), user, turn, type: 'bench', input: {}, queue: 'MEDIA', priority: 5 },
    ...{ status: 'QUEUED', waitsFor: 'WORKER', progress: 0, attempts: 0, maxAttempts: 3 },
    ...{ losses: 0, version: 1, runAfter: now, createdAt: now, updatedAt: now },
  };
}

function quantile(times: number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function show(times: number[], q: number): string {
  return quantile(times, q).toFixed(2);
}
