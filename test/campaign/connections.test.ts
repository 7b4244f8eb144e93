import '../harness/place.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test } from 'vitest';
import { makeEvent } from '../../bench/event.ts';
import { served } from '../../scripts/served.ts';
import { database } from '../../src/data/connection.ts';
import type { Said } from '../harness/function-process.ts';
import { given } from '../harness/given.ts';
import { until } from '../harness/until.ts';

const program = fileURLToPath(new URL('../harness/function-process.ts', import.meta.url));
const PROCESSES = 20;
/** In which the driver asks its server how it is: on Lambda a connection of its own, and no more. */
const WATCHING = 1;

/** The lists that a user may read: one of each function, with its path. */
const lists = inject('deployment').functions.flatMap(({ name, file }) => {
  const routes = served[name]?.routes;
  const list = routes?.find(
    ({ method, path, access }) => method === 'GET' && access === 'user' && !path.includes('{'),
  );
  return list ? [{ name, file, path: list.path }] : [];
});

const children: ChildProcess[] = [];

afterAll(async () => {
  const running = children.filter(({ exitCode }) => exitCode === null);
  const ends = running.map((child) => once(child, 'exit'));
  for (const child of running) child.kill();
  await Promise.all(ends);
});

async function hear(child: ChildProcess): Promise<Said> {
  const [said] = await once(child, 'message');
  return said as Said;
}

/** Starts a function in a process of its own, set up as on Lambda. */
async function start(file: string): Promise<ChildProcess> {
  const env = {
    ...process.env,
    FUNCTION_FILE: file,
    STAGE: 'production',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  };
  const child = fork(program, { env });
  children.push(child);
  expect(await hear(child)).toBe('ready');
  return child;
}

/** Counts the connections of functions: the driver says on Lambda that it is there. */
async function countConnections(): Promise<number> {
  const all = { allUsers: true, idleConnections: true };
  const ofLambda = { 'clientMetadata.env.name': 'aws.lambda' };
  const admin = database().client.db('admin');
  const found = admin.aggregate([{ $currentOp: all }, { $match: ofLambda }, { $count: 'n' }]);
  return (await found.next())?.n ?? 0;
}

test('twenty processes of functions hold few connections, and after a minute of rest none but the one that watches', async () => {
  const alice = await given.user();
  for (let n = 0; n < 3; n++) await alice.track();
  expect(lists.length).toBeGreaterThanOrEqual(PROCESSES);
  const mine = lists.slice(0, PROCESSES);
  const held: Record<string, number> = {};
  const note = async (when: string) => {
    held[when] = await countConnections();
  };
  const processes: { child: ChildProcess; path: string }[] = [];
  for (const { file, path } of mine) processes.push({ child: await start(file), path });
  await note('started');
  const ask = async ({ child, path }: { child: ChildProcess; path: string }) => {
    child.send(makeEvent({ method: 'GET', path, token: alice.token }));
    expect(await hear(child), path).toBe(200);
  };
  await Promise.all(processes.map(ask));
  await note('after a call of each');
  for (let n = 0; n < 50; n++) await Promise.all(processes.map(ask));
  await note('after 50 more');
  const watching = PROCESSES * WATCHING;
  await until('what rests is closed', async () => (await countConnections()) <= watching, 90_000);
  await note('at rest');
  console.table({ [`connections of ${PROCESSES} processes`]: held });
  expect(held['after 50 more']).toBeLessThanOrEqual(4 * PROCESSES);
  expect(held['at rest']).toBeLessThanOrEqual(watching);
}, 300_000);
