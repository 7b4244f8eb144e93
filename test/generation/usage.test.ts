// Read with the configuration, so it is said before anything else is imported.
process.env.PRICES = JSON.stringify([
  {
    version: 'by-the-second',
    from: '2020-01-01T00:00:00Z',
    prices: { 'execute-workflow': { job: 1, gpuSecond: 0.5 } },
  },
]);
await import('../harness/place.ts');

import { afterEach, expect, test } from 'vitest';
import type { ComfyUi, Fault, FaultName, Options } from '../../src/local/comfyui/start.ts';
import type { Person } from '../harness/given.ts';

const { place } = await import('../harness/place.ts');
const { UUID } = await import('../../src/data/ids.ts');
const { simulateClock, startComfyUi } = await import('../../src/local/comfyui/start.ts');
const { ComfyUIPod } = await import('../../src/models/generation/comfyui/pod.ts');
const { verifyHolds } = await import('../../src/services/billing/verify-holds.ts');
const { given } = await import('../harness/given.ts');
const { makeDriver, PLAIN_PICTURE, runs, usePods } = await import('./support/drive.ts');
const { givenRich, readBalance } = await import('./support/jobs.ts');

place({ worker: false });

let servers: ComfyUi[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

async function serve(...faults: (Fault | FaultName)[]): Promise<ComfyUi> {
  return start({ faults });
}

async function start(options: Pick<Options, 'faults' | 'clock'>): Promise<ComfyUi> {
  const server = await startComfyUi({ ...options, timings: { '*': 0.4 } });
  servers.push(server);
  return server;
}

/** A driver and pods with one clock: a pod works while the driver lets time pass, however fast this machine is. */
function makeInStep() {
  const clock = simulateClock(Date.now());
  return {
    driver: makeDriver((ms) => clock.advance(ms)),
    serve: (...faults: FaultName[]) => start({ faults, clock }),
  };
}

/** What was used by somebody's runs. */
async function listUsage(person: Person): Promise<{ gpuSeconds: number; pod: string }[]> {
  const path = '/v1/comfyui/resource-usage?sort=createdAt';
  return (await person.get<{ data: { gpuSeconds: number; pod: string }[] }>(path)).body.data;
}

async function listEvents(person: Person, id: string): Promise<string[]> {
  const path = `/v1/comfyui/executions/${id}/logs?limit=100`;
  const { body } = await person.get<{ data: { event: string }[] }>(path);
  return body.data.map(({ event }) => event);
}

const WORKFLOW = { ...PLAIN_PICTURE, creditCost: 3, gpuSeconds: 20 };

test('the seconds that a run may take are held, and those that it took are spent', async () => {
  const { driver, serve } = makeInStep();
  await usePods((await serve()).url);
  const alice = await givenRich();
  const started = await runs(alice, WORKFLOW);
  // 3 for the workflow, 1 for the job, and 20 s at 0.5.
  expect(await readBalance(alice)).toEqual({ balance: 100, held: 14 });
  const done = await driver.ends(alice, started);
  expect(done.status).toBe('COMPLETED');
  const [used] = await listUsage(alice);
  expect(used?.gpuSeconds).toBeGreaterThan(0.7);
  const cost = Math.ceil(4 + 0.5 * (used?.gpuSeconds ?? 0) - 1e-9);
  expect(await readBalance(alice)).toEqual({ balance: 100 - cost, held: 0 });
  expect(cost).toBeLessThan(14);
});

test('a run that takes longer than was held is stopped, and costs what was held: whoever pays does not say how much', async () => {
  const server = await serve('stall');
  await usePods(server.url);
  const alice = await givenRich();
  const started = await runs(alice, { ...WORKFLOW, gpuSeconds: 1 });
  const driver = makeDriver();
  const done = await driver.ends(alice, started);
  expect(done).toMatchObject({ status: 'FAILED', error: { code: 'GPU_SECONDS_SPENT' } });
  expect(await readBalance(alice)).toEqual({ balance: 95, held: 0 });
  expect(await verifyHolds()).toBeUndefined();
  const readRunning = async () => {
    await driver.step();
    const queue = (await (await fetch(`${server.url}/queue`)).json()) as { queue_running: [] };
    return queue.queue_running;
  };
  await expect.poll(readRunning, { timeout: 30_000 }).toEqual([]);
});

test('a run that was over when it was looked at costs what was held, too, and gives nothing', async () => {
  await usePods((await serve({ name: 'slow', seconds: 1.5 })).url);
  const alice = await givenRich();
  const driver = makeDriver();
  const started = await runs(alice, { ...WORKFLOW, gpuSeconds: 1 });
  await driver.ends(alice, started, ({ stage }) => stage === 'SUBMITTED');
  const ended = async () =>
    Object.keys((await (await fetch(`${servers[0]?.url}/history`)).json()) as object);
  await expect.poll(ended, { timeout: 10_000 }).toHaveLength(1);
  const done = await driver.ends(alice, started);
  expect(done).toMatchObject({ status: 'FAILED', error: { code: 'GPU_SECONDS_SPENT' } });
  expect(done.outputs ?? []).toEqual([]);
  expect(await readBalance(alice)).toEqual({ balance: 95, held: 0 });
  expect((await alice.get<{ data: object[] }>('/v1/images')).body.data).toEqual([]);
});

test('what a run costs at most is told before it is started', async () => {
  const alice = await givenRich();
  const admin = await given.admin();
  const priced = { ...WORKFLOW, isPublic: true };
  const workflow = (await admin.post('/v1/comfyui/workflows', priced)).body.id;
  const path = '/v1/comfyui/executions/estimate';
  const estimate = await alice.post(path, { workflow });
  const expected = { credits: 14, gpuSeconds: 20, priceVersion: 'by-the-second' };
  expect(estimate).toMatchObject({ status: 200, body: expected });
  expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  const wrong = await alice.post(path, { workflow, parameters: { width: 1 } });
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ path: 'parameters.width' }] } });
});

test('only an administrator says what a workflow costs', async () => {
  const alice = await given.user();
  const path = '/v1/comfyui/workflows';
  const errors = [{ path: 'creditCost' }];
  const refused = { status: 422, body: { errors } };
  expect(await alice.post(path, WORKFLOW)).toMatchObject(refused);
  const { graph } = PLAIN_PICTURE;
  const imported = { name: 'Found', graph, creditCost: 2 };
  expect(await alice.post(`${path}/import`, imported)).toMatchObject(refused);
  const { id } = (await alice.post(path, PLAIN_PICTURE)).body;
  expect(await alice.patch(`${path}/${id}`, { creditCost: 2 })).toMatchObject(refused);
});

test('what a run that fails has used, and what its pod told, is kept; it costs nothing', async () => {
  await usePods((await serve('node-error')).url);
  const alice = await givenRich();
  const started = await runs(alice, WORKFLOW);
  const done = await makeDriver().ends(alice, started);
  expect(done).toMatchObject({ status: 'FAILED', error: { code: 'NODE_FAILED' } });
  expect(await listUsage(alice)).toMatchObject([{ gpuSeconds: expect.any(Number), pod: done.pod }]);
  expect(await listEvents(alice, started.id)).toContain('execution_error');
  expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
});

test('what does not fit into the memory of a pod goes to one that has more; both uses are kept', async () => {
  const { driver, serve } = makeInStep();
  const [small, large] = await usePods((await serve('out-of-memory')).url, (await serve()).url);
  for (const [id, vramTotal] of [
    [small, 8e9],
    [large, 24e9],
  ] as const) {
    const isDraining = id === large;
    await ComfyUIPod.collection.updateOne(
      { _id: new UUID(id) },
      { $set: { vramTotal, isDraining } },
    );
  }
  const alice = await givenRich();
  const started = await runs(alice, WORKFLOW);
  await driver.ends(alice, started, ({ stage }) => stage === 'SUBMITTED');
  await ComfyUIPod.collection.updateMany({}, { $set: { isDraining: false } });
  const done = await driver.ends(alice, started);
  expect(done).toMatchObject({ status: 'COMPLETED', pod: large });
  expect((await listUsage(alice)).map(({ pod }) => pod)).toEqual([small, large]);
  expect(await listEvents(alice, started.id)).toEqual(
    expect.arrayContaining(['execution_error', 'out_of_memory', 'execution_success']),
  );
});

test('what a run has used that was cancelled while it ran is kept', async () => {
  await usePods((await serve({ name: 'slow', seconds: 3 })).url);
  const alice = await givenRich();
  const driver = makeDriver();
  const started = await runs(alice, WORKFLOW);
  await driver.ends(alice, started, ({ stage }) => stage === 'RUNNING');
  expect((await alice.post(`/v1/comfyui/executions/${started.id}/cancel`)).status).toBe(200);
  let used: { gpuSeconds: number }[] = [];
  for (let i = 0; i < 2000 && used.length === 0; i++) {
    await driver.step();
    used = await listUsage(alice);
  }
  expect(used).toMatchObject([{ gpuSeconds: expect.any(Number) }]);
  expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
});
