import '../harness/place.ts';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Db, MongoClient, UUID } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withDatabase } from '../../src/data/connection-string.ts';
import { type Mongod, startMongod } from '../../src/local/mongod.ts';
import { findFreePort } from '../../src/local/process/ports.ts';
import { find } from '../../src/local/tools/find.ts';
import { mongod as tool } from '../../src/local/tools/mongod.ts';
import { chance as makeChance } from '../harness/chance.ts';
import { until } from '../harness/until.ts';
import type { Said } from './jobs/worker.ts';

// The environment is that of any test; a mongod and worker processes of this test's own, which it kills.

const JOBS = Number(process.env.JOBS ?? 10_000);
const KILLS = Number(process.env.KILLS ?? 50);
const DATABASE_KILLS = Number(process.env.DATABASE_KILLS ?? 5);
const WORKERS = 8;
const MINUTE = 60_000;
const LEASE = 20_000;
const chance = makeChance();

let dir: string;
let mongod: Mongod;
let client: MongoClient;
let db: Db;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-job-kills-'));
  const log = () => undefined;
  const port = await findFreePort();
  mongod = await startMongod({ dir, port, binary: await find(tool, log), log });
  const uri = withDatabase(mongod.uri, 'jobs');
  env = { ...process.env, MONGODB_URI: uri, LOG_LEVEL: 'SILENT' };
  await promisify(execFile)('node', ['scripts/migrate.ts', 'upgrade', 'head'], { env });
  client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: MINUTE });
  db = client.db('jobs');
}, 5 * MINUTE);

afterAll(async () => {
  await client?.close();
  await mongod?.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  await db.collection('jobs').deleteMany({});
  await db
    .collection('effects')
    .drop()
    .catch(() => undefined);
  await db.createCollection('effects');
});

/** A worker process, and what it has said. */
function startWorker(holds = false): { child: ChildProcess; said: Said[] } {
  const file = fileURLToPath(new URL('./jobs/worker.ts', import.meta.url));
  const child = fork(file, {
    env: { ...env, HOLDS: holds ? 'yes' : 'no' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const said: Said[] = [];
  child.on('message', (message) => said.push(message as Said));
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  process.kill(child.pid as number, 'SIGKILL');
  await over;
}

/** Jobs of a hundred users, each with turns of its own. */
async function queue(count: number): Promise<void> {
  const users = Array.from({ length: 100 }, () => new UUID());
  const now = new Date();
  const jobs = Array.from({ length: count }, (_, n) => ({
    ...{ _id: new UUID(), user: users[n % users.length], type: 'count', queue: 'MEDIA', input: {} },
    ...{ status: 'QUEUED', waitsFor: 'WORKER', turn: 2 * Math.floor(n / users.length) },
    ...{ progress: 0, priority: 5, attempts: 0, maxAttempts: 3, losses: 0, version: 1 },
    ...{ runAfter: now, createdAt: now, updatedAt: now },
  }));
  await db.collection('jobs').insertMany(jobs as never[]);
}

const left = () => db.collection('jobs').countDocuments({ status: { $ne: 'COMPLETED' } });
/** While mongod is down, unknown. */
const leftOrMany = () => left().catch(() => Number.POSITIVE_INFINITY);

/** The jobs that have not exactly one effect. */
const wrong = () =>
  db
    .collection('jobs')
    .aggregate([
      { $lookup: { from: 'effects', localField: '_id', foreignField: 'job', as: 'effects' } },
      { $match: { $expr: { $ne: [{ $size: '$effects' }, 1] } } },
      { $project: { status: 1, effects: 1 } },
      { $limit: 10 },
    ])
    .toArray();

test(`of ${JOBS} jobs each has its effect once, though workers are killed ${KILLS} times, and mongod ${DATABASE_KILLS} times`, async () => {
  await db.collection('effects').createIndex({ job: 1 });
  await queue(JOBS);
  const started = performance.now();
  const workers = Array.from({ length: WORKERS }, () => startWorker());
  let [killed, databaseKills] = [0, 0];
  for (let n = 1; n <= KILLS; n++) {
    // Spread over the jobs, as far as they are known.
    const mark = JOBS - (JOBS * n) / (KILLS + 1);
    await until('some more jobs are done', async () => (await leftOrMany()) <= mark, 10 * MINUTE);
    const one = chance.below(WORKERS);
    await kill((workers[one] as (typeof workers)[0]).child);
    workers[one] = startWorker();
    killed++;
    if (n % Math.ceil(KILLS / DATABASE_KILLS) === 0 && databaseKills < DATABASE_KILLS) {
      process.kill(mongod.pid as number, 'SIGKILL');
      databaseKills++;
    }
  }
  await until('none is left', async () => (await leftOrMany()) === 0, LEASE + MINUTE + 10 * MINUTE);
  // Whoever was lost last waits for its lease at most, and for a minute more.
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(workers.map(({ child }) => kill(child)));
  expect(await wrong()).toEqual([]);
  expect(await db.collection('effects').countDocuments()).toBe(JOBS);
  const lost = await db.collection('jobs').countDocuments({ losses: { $gt: 0 } });
  console.log(
    `${JOBS} jobs in ${seconds.toFixed(0)} s; ${killed} workers and ${databaseKills} mongods killed; ${lost} jobs were lost and done again; each effect once.`,
  );
});

const STOPS = Number(process.env.STOPS ?? 50);
const AT_ONCE = 10;

test(`a worker that was stopped past its lease writes nothing when it wakes, ${STOPS} of ${STOPS}`, async () => {
  let refused = 0;
  for (let n = 0; n < STOPS; n += AT_ONCE)
    refused += await stopAndWake(Math.min(AT_ONCE, STOPS - n));
  console.log(`${refused} of ${STOPS} workers that were stopped past their lease were refused.`);
  expect(refused).toBe(STOPS);
});

/** Stops so many workers, each with a job, until others have done these. @returns how many were refused */
async function stopAndWake(count: number): Promise<number> {
  await db.collection('jobs').deleteMany({});
  await db.collection('effects').deleteMany({});
  await queue(count);
  const stale = Array.from({ length: count }, () => startWorker(true));
  await until('each holds a job', () => stale.every(({ said }) => said.length > 0), 5 * MINUTE);
  for (const { child } of stale) process.kill(child.pid as number, 'SIGSTOP');
  // Their leases run out, and others do their jobs.
  const over = { $set: { 'lease.until': new Date(0) } };
  await db.collection('jobs').updateMany({ status: 'RUNNING' }, over);
  const other = startWorker();
  await until('another has done all', async () => (await left()) === 0, 5 * MINUTE);
  await kill(other.child);
  const before = await db.collection('jobs').find().sort({ _id: 1 }).toArray();
  for (const { child } of stale) {
    process.kill(child.pid as number, 'SIGCONT');
    child.send('go on');
  }
  await until(
    'each has tried to complete its job',
    () => stale.every(({ said }) => said.some((one) => 'ended' in one)),
    5 * MINUTE,
  );
  await Promise.all(stale.map(({ child }) => kill(child)));
  // Nothing of a job has changed, and each effect is the other worker's.
  expect(await db.collection('jobs').find().sort({ _id: 1 }).toArray()).toEqual(before);
  const workers = stale.map(({ child }) => child.pid);
  expect(await db.collection('effects').countDocuments({ worker: { $in: workers } })).toBe(0);
  expect(await wrong()).toEqual([]);
  return count;
}
