import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import type { ComfyUi, Fault, FaultName } from '../../src/local/comfyui/start.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { Image } from '../../src/models/media/image.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import {
  type Execution,
  makeDriver,
  PLAIN_PICTURE,
  runs,
  SMALLER_PICTURE,
  TWO_PICTURES,
  usePods,
} from './support/drive.ts';
import { serveOnly } from './support/serve.ts';

place({ worker: false });

const serve = serveOnly();

async function rich(credits = 100): Promise<Person> {
  const [person, admin] = [await given.user(), await given.admin()];
  const grant = { user: person.id, amount: credits, reason: 'A test.' };
  expect((await admin.post('/v1/credits/grants', grant)).status).toBe(201);
  return person;
}

const balance = async (person: Person) =>
  (await person.get<{ balance: number; held: number }>('/v1/credits')).body;

/** How much of each allowance an account has used. */
async function usedBy(person: Person): Promise<Record<string, number>> {
  const { body } = await person.get<{ data: { metric: string; used: number }[] }>('/v1/allowances');
  return Object.fromEntries(body.data.map(({ metric, used }) => [metric, used]));
}

const historyOf = async ({ url }: ComfyUi) =>
  Object.keys((await (await fetch(`${url}/history`)).json()) as object);

describe('an execution', () => {
  test('comes back as a picture of the project, READY, with its lineage, log and usage; its price is spent', async () => {
    await serve();
    const alice = await rich();
    const project = (await alice.project()).id;
    const parameters = { width: 80 };
    const workflow = { ...PLAIN_PICTURE, creditCost: 7 };
    const started = await runs(alice, workflow, { project, parameters });
    expect(await balance(alice)).toMatchObject({ balance: 100, held: 7 });
    const done = await makeDriver().ends(alice, started);
    expect(done).toMatchObject({ status: 'COMPLETED', stage: 'DONE', progress: 100 });
    expect(done.outputs).toEqual([{ node: '2', kind: 'IMAGE', image: expect.any(String) }]);
    const { body } = await alice.get(`/v1/images/${done.outputs?.[0]?.image}`);
    expect(body).toMatchObject({
      ...{ status: 'READY', project, generatedBy: started.job, image: { width: 80, height: 48 } },
      lineage: { execution: started.id, workflow: started.workflow, revision: 1, node: '2' },
    });
    expect(await balance(alice)).toMatchObject({ balance: 93, held: 0 });
    const taken = { DOCUMENTS: 2, BYTES: body.size, UPLOADS: 0, JOBS: 0 };
    expect(await usedBy(alice)).toMatchObject(taken);
    const path = `/v1/comfyui/executions/${started.id}/logs?limit=100`;
    const logs = await alice.get<{ data: { event: string }[] }>(path);
    expect(logs.body.data.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['submitting', 'submitted', 'execution_success', 'stored']),
    );
    const used = await alice.get<{ data: object[] }>('/v1/comfyui/resource-usage');
    expect(used.body.data).toMatchObject([{ execution: started.id, pod: done.pod }]);
  });

  test('is given the file of a picture of its owner, which is named as what its output was made from', async () => {
    const server = await serve();
    const [alice, bob] = [await given.user(), await given.user()];
    const driver = makeDriver();
    const first = await driver.ends(alice, await runs(alice, PLAIN_PICTURE));
    const picture = first.outputs?.[0]?.image as string;
    const second = await driver.ends(
      alice,
      await runs(alice, SMALLER_PICTURE, { parameters: { picture } }),
    );
    expect(second.status, JSON.stringify(second)).toBe('COMPLETED');
    const { body } = await alice.get(`/v1/images/${second.outputs?.[0]?.image}`);
    expect(body).toMatchObject({ madeFrom: [picture], image: { width: 32, height: 32 } });
    expect(await historyOf(server)).toHaveLength(2);
    const workflow = (await bob.post('/v1/comfyui/workflows', SMALLER_PICTURE)).body.id;
    const stolen = { workflow, parameters: { picture } };
    const refused = await bob.post('/v1/comfyui/executions', stolen);
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'parameters.picture' }] },
    });
  });

  test('whose output its owner has no room for ends FAILED, and costs nothing', async () => {
    await serve();
    const [alice, admin] = [await rich(), await given.admin()];
    const limits = { user: alice.id, limits: { documents: 0 }, reason: 'A test.' };
    expect((await admin.post('/v1/allowances/overrides', limits)).status).toBe(200);
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 7 });
    const done = await makeDriver().ends(alice, started);
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'ALLOWANCE_EXCEEDED' } });
    expect(await balance(alice)).toMatchObject({ balance: 100, held: 0 });
    expect(await usedBy(alice)).toMatchObject({ DOCUMENTS: 0, BYTES: 0, UPLOADS: 0, JOBS: 0 });
  });

  test('names every fault of its parameters at once', async () => {
    const alice = await given.user();
    const workflow = (await alice.post('/v1/comfyui/workflows', SMALLER_PICTURE)).body.id;
    const parameters = { width: 3, height: 4 };
    const refused = await alice.post<{ errors: { path: string }[] }>('/v1/comfyui/executions', {
      workflow,
      parameters,
    });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map(({ path }) => path).toSorted()).toEqual([
      'parameters.height',
      'parameters.picture',
      'parameters.width',
    ]);
  });

  test('that needs a project names that beside every fault of its parameters, as a batch does', async () => {
    const alice = await given.user();
    const track = { ...SMALLER_PICTURE, outputs: [{ node: '3', kind: 'TRACK' }] };
    const workflow = (await alice.post('/v1/comfyui/workflows', track)).body.id;
    const faultsOf = async (path: string, more: object) => {
      const body = { workflow, parameters: { width: 3 }, ...more };
      const { body: problem } = await alice.post<{ errors: { path: string }[] }>(path, body);
      return problem.errors.map(({ path }) => path).toSorted();
    };
    const path = '/v1/comfyui/executions';
    const both = ['parameters.picture', 'parameters.width', 'project'];
    expect(await faultsOf(path, {})).toEqual(both);
    expect(await faultsOf(`${path}/estimate`, {})).toEqual(both);
    expect(await faultsOf(`${path}/batch`, { grid: { picture: ['a.png'] } })).toEqual([
      ...['grid.picture.0', 'parameters.width', 'project'],
    ]);
  });

  test('that is given one picture several times names it once', async () => {
    await serve();
    const alice = await given.user();
    const first = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
    const picture = first.outputs?.[0]?.image as string;
    const twice = {
      ...SMALLER_PICTURE,
      graph: {
        ...SMALLER_PICTURE.graph,
        4: { class_type: 'LoadImage', inputs: { image: 'picture.png' } },
      },
      parameters: [
        ...SMALLER_PICTURE.parameters,
        { name: 'again', type: 'IMAGE', path: '4.inputs.image' },
      ],
    };
    const parameters = { picture, again: picture };
    expect(await runs(alice, twice, { parameters })).toMatchObject({ inputs: [picture] });
  });

  // What happens at each place of the way, and how the execution ends.
  const faults: [fault: Fault | FaultName | Fault[], status: string, code?: string][] = [
    [{ name: 'lose-request', at: 'submit' }, 'COMPLETED'],
    [{ name: 'lose-answer', at: 'submit' }, 'COMPLETED'],
    [{ name: 'cut-answer', at: 'submit' }, 'COMPLETED'],
    [{ name: 'repeat-request', at: 'submit' }, 'COMPLETED'],
    [{ name: 'too-many', at: 'submit', times: 2 }, 'COMPLETED'],
    [{ name: 'server-error', at: 'submit' }, 'COMPLETED'],
    [{ name: 'bad-gateway', at: 'submit' }, 'COMPLETED'],
    [{ name: 'login-page', at: 'submit' }, 'COMPLETED'],
    [{ name: 'lose-answer', at: 'queue', times: 2, after: 1 }, 'COMPLETED'],
    [{ name: 'unavailable', at: 'history', times: 2 }, 'COMPLETED'],
    [{ name: 'login-page', at: 'history' }, 'COMPLETED'],
    [{ name: 'lose-request', at: 'view' }, 'COMPLETED'],
    [{ name: 'cut-answer', at: 'view' }, 'COMPLETED'],
    [{ name: 'server-error', at: 'view' }, 'COMPLETED'],
    ['late-history', 'COMPLETED'],
    ['blocked-node', 'COMPLETED'],
    ['node-error', 'FAILED', 'NODE_FAILED'],
    ['out-of-memory', 'FAILED', 'OUT_OF_MEMORY'],
    ['interrupt', 'FAILED', 'INTERRUPTED'],
    [
      [
        { name: 'slow', seconds: 1 },
        { name: 'restart', after: 1, seconds: 0 },
      ],
      'LOST',
      'LOST',
    ],
    [{ name: 'forget', at: 'queued' }, 'LOST', 'LOST'],
    ['html-as-picture', 'FAILED', 'INVALID_OUTPUT'],
    ['endless-output', 'FAILED', 'INVALID_OUTPUT'],
    ['picture-bomb', 'FAILED', 'INVALID_OUTPUT'],
    ['empty-output', 'FAILED', 'INVALID_OUTPUT'],
    ['redirect-inside', 'FAILED', 'OUTPUT_MISSING'],
    ['missing-output', 'FAILED', 'OUTPUT_MISSING'],
    ['escaping-name', 'FAILED', 'INVALID_OUTPUT'],
  ];
  test.each(faults)(
    'through %j ends %s, once, with its hold settled',
    async (fault, status, code) => {
      const server = await serve(...[fault].flat());
      const alice = await rich();
      const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 10 });
      const done = await makeDriver().ends(alice, started);
      expect([done.status, done.error?.code], JSON.stringify(done.error)).toEqual([status, code]);
      const isDone = status === 'COMPLETED';
      expect(await balance(alice)).toMatchObject({ balance: isDone ? 90 : 100, held: 0 });
      expect(await CreditHold.collection.countDocuments({ state: 'HELD' })).toBe(0);
      const mine = { user: new UUID(alice.id) };
      const ready = await Image.collection.countDocuments({ ...mine, status: 'READY' });
      expect(ready).toBe(isDone ? 1 : 0);
      if (isDone) expect(await historyOf(server)).toHaveLength(1);
    },
  );

  test('that fails may be tried again', async () => {
    await serve('node-error');
    const alice = await rich();
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 10 });
    const driver = makeDriver();
    expect((await driver.ends(alice, started)).status).toBe('FAILED');
    expect((await alice.post(`/v1/jobs/${started.job}/retry`)).status).toBe(202);
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    expect(await balance(alice)).toMatchObject({ balance: 90, held: 0 });
  });

  test('that is tried again shows and leaves nothing of the try before', async () => {
    await serve({ name: 'missing-output', after: 1 });
    const alice = await rich();
    const started = await runs(alice, TWO_PICTURES);
    const driver = makeDriver();
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'FAILED' });
    expect((await alice.post(`/v1/jobs/${started.job}/retry`)).status).toBe(202);
    const done = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'COMPLETED' });
    const shown = done.outputs?.map(({ image }) => image);
    const { body } = await alice.get<{ data: Doc[] }>('/v1/images');
    expect(shown?.toSorted()).toEqual(body.data.map(({ id }) => id).toSorted());
    expect(shown).toHaveLength(2);
  });

  test('whose pod is deleted is lost at once, not after a day', async () => {
    const server = await serve('stall');
    const alice = await given.user();
    const driver = makeDriver();
    const started = await runs(alice, PLAIN_PICTURE);
    await driver.ends(alice, started, ({ stage }) => stage === 'RUNNING');
    await usePods();
    const before = driver.ctx.clock() - Date.now();
    const error = { code: 'LOST', message: 'Its pod was deleted.' };
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'LOST', error });
    expect(driver.ctx.clock() - Date.now() - before).toBeLessThan(120_000);
    server.restart();
  });

  test('that is cancelled while it runs is stopped at its pod, and no other', async () => {
    const server = await serve('stall');
    const [alice, bob] = [await rich(), await given.user()];
    const driver = makeDriver();
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 10 });
    await driver.ends(alice, started, ({ stage }) => stage === 'RUNNING');
    const waiting = await runs(bob, PLAIN_PICTURE);
    const path = `/v1/comfyui/executions/${started.id}/cancel`;
    expect((await bob.post(path)).status).toBe(404);
    expect(await alice.post(path)).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    expect((await alice.post(path)).status).toBe(409);
    expect(await driver.ends(bob, waiting)).toMatchObject({ status: 'COMPLETED' });
    expect(await balance(alice)).toMatchObject({ balance: 100, held: 0 });
    const ended = (await historyOf(server)).length;
    expect(ended).toBe(2);
  });

  test('goes to another pod when the first cannot be reached, as long as nothing was begun', async () => {
    const server = await serve();
    const [, there] = await usePods('http://127.0.0.1:9', server.url);
    const alice = await given.user();
    const done = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
    expect(done).toMatchObject({ status: 'COMPLETED', pod: there });
  });

  test('waits where there is no pod, and goes on when one comes', async () => {
    await usePods();
    const alice = await given.user();
    const started = await runs(alice, PLAIN_PICTURE);
    const driver = makeDriver();
    for (let i = 0; i < 20; i++) await driver.step();
    const seen = await alice.get<Execution>(`/v1/comfyui/executions/${started.id}`);
    expect(seen.body).toMatchObject({ status: 'QUEUED', stage: 'WAITING' });
    await serve();
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
  });

  test('that no pod takes for a day has failed; tried again, it waits for another day', async () => {
    await usePods();
    const alice = await given.user();
    const started = await runs(alice, PLAIN_PICTURE);
    const driver = makeDriver();
    await driver.step();
    driver.passes(25 * 3600);
    expect(await driver.ends(alice, started)).toMatchObject({ error: { code: 'NO_POD' } });
    expect((await alice.post(`/v1/jobs/${started.job}/retry`)).status).toBe(202);
    for (let i = 0; i < 4; i++) await driver.step();
    const seen = await alice.get<Execution>(`/v1/comfyui/executions/${started.id}`);
    expect(seen.body).toMatchObject({ status: 'QUEUED', stage: 'WAITING' });
    await serve();
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
  });

  test('is lost when its pod keeps silent for half an hour', async () => {
    const server = await serve('stall');
    const alice = await given.user();
    const driver = makeDriver();
    const started = await runs(alice, PLAIN_PICTURE);
    await driver.ends(alice, started, ({ stage }) => stage === 'RUNNING');
    await server.stop();
    const done = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'LOST', error: { code: 'LOST' } });
  });

  test('whose output comes from the cache has it all the same: its nonce makes it anew', async () => {
    const server = await serve();
    const alice = await given.user();
    const driver = makeDriver();
    const parameters = { color: 5 };
    for (let i = 0; i < 2; i++) {
      const done = await driver.ends(alice, await runs(alice, PLAIN_PICTURE, { parameters }));
      expect(done).toMatchObject({ status: 'COMPLETED' });
    }
    expect(await historyOf(server)).toHaveLength(2);
  });

  test('of a stale worker changes nothing more', async () => {
    await serve('stall');
    const alice = await given.user();
    const driver = makeDriver();
    const started = await runs(alice, PLAIN_PICTURE);
    await driver.ends(alice, started, ({ stage }) => stage === 'RUNNING');
    // Somebody else has it by now.
    const _id = new UUID(started.id);
    await ComfyUIWorkflowExecution.collection.updateOne({ _id }, { $set: { fence: 1_000_000 } });
    const before = await ComfyUIWorkflowExecution.collection.findOne({ _id });
    for (let i = 0; i < 40; i++) await driver.step();
    expect(await ComfyUIWorkflowExecution.collection.findOne({ _id })).toEqual(before);
  });
});
