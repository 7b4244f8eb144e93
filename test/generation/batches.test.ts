import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../contract/held.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { type Execution, makeDriver, PLAIN_PICTURE } from './support/drive.ts';
import { endJob, givenRich, readBalance } from './support/jobs.ts';
import { servePod } from './support/serve.ts';

place({ worker: false });

const pod = servePod();

const path = '/v1/comfyui/executions/batch';

async function makeWorkflow(person: Person, creditCost = 5): Promise<string> {
  const owner = creditCost > 0 ? await given.admin() : person;
  const workflow = { ...PLAIN_PICTURE, creditCost, isPublic: owner !== person };
  const made = await owner.post('/v1/comfyui/workflows', workflow);
  expect(made.status, made.text).toBe(201);
  return made.body.id;
}

async function listBatch(person: Person, batch: string): Promise<Execution[]> {
  const query = `/v1/comfyui/executions?batch=${batch}&sort=createdAt&limit=100`;
  return (await person.get<{ data: Execution[] }>(query)).body.data;
}

describe('a batch', () => {
  test('runs each combination of its grid, so many times, as one job', async () => {
    const alice = await givenRich();
    const project = (await alice.project()).id;
    const workflow = await makeWorkflow(alice);
    const asked = { workflow, project, count: 2, grid: { width: [32, 48], color: [1, 2] } };
    const job = await alice.post(path, asked);
    expect(job, job.text).toMatchObject({ status: 202, body: { type: 'execute-batch', project } });
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 40 });
    const driver = makeDriver();
    const done = await endJob(driver, alice, job.body.id);
    const result = { completed: 8, failed: 0, outputs: 8 };
    expect(done).toMatchObject({ status: 'COMPLETED', progress: 100, result });
    const made = await listBatch(alice, job.body.id);
    expect(made.map(({ status }) => status)).toEqual(Array(8).fill('COMPLETED'));
    const ran = made.map(({ parameters, seeds }) => `${parameters.width} ${seeds?.color}`);
    expect(ran.toSorted()).toEqual(
      ['32 1', '32 1', '32 2', '32 2', '48 1', '48 1', '48 2', '48 2'].toSorted(),
    );
    expect(await readBalance(alice)).toEqual({ balance: 60, held: 0 });
    const images = await alice.get<{ data: object[] }>(`/v1/images?project=${project}`);
    expect(images.body.data).toHaveLength(8);
  });

  test('draws a seed for each execution where none is given; a rerun repeats them', async () => {
    const alice = await givenRich();
    const driver = makeDriver();
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 3 });
    await endJob(driver, alice, job.body.id);
    const seedsOf = (runs: Execution[]) => runs.map(({ seeds }) => seeds?.color);
    const first = await listBatch(alice, job.body.id);
    expect(new Set(seedsOf(first)).size).toBe(3);
    const again = await alice.post(`/v1/jobs/${job.body.id}/rerun`, { parameters: { width: 20 } });
    expect(again).toMatchObject({ status: 202, body: { type: 'execute-batch' } });
    await endJob(driver, alice, again.body.id);
    const second = await listBatch(alice, again.body.id);
    expect(seedsOf(second)).toEqual(seedsOf(first));
    expect(second.map(({ rerunOf }) => rerunOf)).toEqual(first.map(({ id }) => id));
    expect(second.map(({ parameters }) => parameters.width)).toEqual([20, 20, 20]);
  });

  test('of which one fails completes with the others, and that one costs nothing', async () => {
    const alice = await givenRich();
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 3 });
    pod.server.faults.add('node-error');
    const done = await endJob(makeDriver(), alice, job.body.id);
    expect(done).toMatchObject({ status: 'COMPLETED', result: { completed: 2, failed: 1 } });
    expect(await readBalance(alice)).toEqual({ balance: 90, held: 0 });
  });

  test('of which none completes has failed', async () => {
    const alice = await givenRich();
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 2 });
    pod.server.faults.add({ name: 'node-error', times: 2 });
    const done = await endJob(makeDriver(), alice, job.body.id);
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'NONE_COMPLETED' } });
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  });

  test('that has failed or was cancelled is tried again whole: what has not completed runs anew', async () => {
    const alice = await givenRich();
    const driver = makeDriver();
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 2 });
    pod.server.faults.add({ name: 'node-error', times: 2 });
    await endJob(driver, alice, job.body.id);
    expect((await alice.post(`/v1/jobs/${job.body.id}/retry`)).status).toBe(202);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 10 });
    const done = await endJob(driver, alice, job.body.id);
    const result = { completed: 2, failed: 0, outputs: 2 };
    expect(done).toMatchObject({ status: 'COMPLETED', result });
    expect(await readBalance(alice)).toEqual({ balance: 90, held: 0 });
  });

  test('is not tried again where its owner cannot pay for all of it', async () => {
    const alice = await givenRich(10);
    const driver = makeDriver();
    const workflow = await makeWorkflow(alice);
    const job = await alice.post(path, { workflow, count: 2 });
    pod.server.faults.add({ name: 'node-error', times: 2 });
    await endJob(driver, alice, job.body.id);
    await alice.post('/v1/comfyui/executions', { workflow });
    const refused = await alice.post(`/v1/jobs/${job.body.id}/retry`);
    expect(refused).toMatchObject({ status: 402, body: { code: 'INSUFFICIENT_CREDITS' } });
    expect(await readBalance(alice)).toEqual({ balance: 10, held: 5 });
    const failed = await listBatch(alice, job.body.id);
    expect(failed.map(({ status }) => status)).toEqual(['FAILED', 'FAILED']);
  });

  test('that is cancelled is cancelled whole: nothing is held, and nothing runs', async () => {
    const alice = await givenRich();
    const driver = makeDriver();
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 4 });
    for (let i = 0; i < 6; i++) await driver.step();
    expect((await alice.post(`/v1/jobs/${job.body.id}/cancel`)).status).toBe(200);
    // What has run already is collected to its end.
    for (const one of await listBatch(alice, job.body.id))
      if (one.stage === 'COLLECTING') await endJob(driver, alice, one.job);
    const ended = await listBatch(alice, job.body.id);
    expect(ended.filter(({ status }) => !['COMPLETED', 'CANCELLED'].includes(status))).toEqual([]);
    const completed = ended.filter(({ status }) => status === 'COMPLETED').length;
    expect(await readBalance(alice)).toEqual({ balance: 100 - 5 * completed, held: 0 });
  });

  test('may have 64 executions, which are started together and can be cancelled together', async () => {
    const alice = await givenRich(64 * 5);
    const job = await alice.post(path, { workflow: await makeWorkflow(alice), count: 64 });
    expect(job.status, job.text).toBe(202);
    expect(await listBatch(alice, job.body.id)).toHaveLength(64);
    expect(await readBalance(alice)).toEqual({ balance: 320, held: 320 });
    expect((await alice.post(`/v1/jobs/${job.body.id}/cancel`)).status).toBe(200);
    const ended = await listBatch(alice, job.body.id);
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['CANCELLED']));
    expect(await readBalance(alice)).toEqual({ balance: 320, held: 0 });
  });

  test('that its owner cannot pay for is refused, and nothing of it is stored', async () => {
    const alice = await givenRich(12);
    const refused = await alice.post(path, { workflow: await makeWorkflow(alice), count: 3 });
    expect(refused).toMatchObject({ status: 402, body: { code: 'INSUFFICIENT_CREDITS' } });
    expect(await readBalance(alice)).toEqual({ balance: 12, held: 0 });
    const stored = await alice.get<{ data: object[] }>('/v1/comfyui/executions');
    expect(stored.body.data).toEqual([]);
  });

  test('names every fault of its grid at once', async () => {
    const alice = await given.user();
    const workflow = await makeWorkflow(alice, 0);
    const faultsOf = async (body: object) => {
      const { status, body: problem } = await alice.post<Problem>(path, { workflow, ...body });
      expect(status).toBe(422);
      return problem.errors.map((fault) => fault.path).toSorted();
    };
    const grid = { width: [32, 3, 'wide'], depth: [1] };
    expect(await faultsOf({ grid })).toEqual(['grid.depth', 'grid.width.1', 'grid.width.2']);
    const shared = { parameters: { width: 32 }, grid: { width: [48] } };
    expect(await faultsOf(shared)).toEqual(['grid.width']);
    const both = { parameters: { zzz: 1, color: -1 }, grid: { width: [3] } };
    expect(await faultsOf(both)).toEqual(['grid.width.0', 'parameters.color', 'parameters.zzz']);
    const widths = Array.from({ length: 9 }, (_, n) => 16 + n);
    expect(await faultsOf({ count: 8, grid: { width: widths } })).toEqual(['grid']);
    expect(await faultsOf({ count: 65 })).toEqual(['count']);
    expect(await faultsOf({ grid: { width: [] } })).toEqual(['grid.width']);
  });
});
