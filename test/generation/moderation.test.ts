import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ComfyUi } from '../../src/local/comfyui/start.ts';
import type { Verdict } from '../../src/services/generation/moderation.ts';
import { allow, startModerator } from './support/moderator.ts';

const moderator = await startModerator();
process.env.MODERATION_URL = moderator.url;
const { place } = await import('../harness/place.ts');
const { given } = await import('../harness/given.ts');
const { startComfyUi } = await import('../../src/local/comfyui/start.ts');
const { ComfyUIWorkflowExecution } = await import(
  '../../src/models/generation/comfyui/workflow-execution.ts'
);
const { folderIn } = await import('../../src/data/objects.ts');
const { UUID } = await import('../../src/data/ids.ts');
const { listKeys } = await import('../../src/providers/s3.ts');
const { Image } = await import('../../src/models/media/image.ts');
const { makeDriver, PLAIN_PICTURE, runs, SMALLER_PICTURE, usePods } = await import(
  './support/drive.ts'
);
const { givenRich, readBalance } = await import('./support/jobs.ts');

place({ worker: false });

let server: ComfyUi;
beforeEach(async () => {
  server = await startComfyUi();
  await usePods(server.url);
  moderator.answer(allow);
});
afterEach(() => server.stop());
afterAll(() => moderator.stop());

/** Says this of the inputs, or of the outputs, and allows the rest. */
function judge(of: 'INPUTS' | 'OUTPUTS', verdict: Verdict | null): void {
  moderator.answer((submission) => (submission.of === of ? verdict : allow()));
}

const hold: Verdict = { verdict: 'HOLD', reason: 'It may show a person.' };
const refuse: Verdict = { verdict: 'REFUSE', reason: 'It shows a person.' };

const historyOf = async ({ url }: ComfyUi) =>
  Object.keys((await (await fetch(`${url}/history`)).json()) as object);
const imagesOf = (user: string) => Image.collection.countDocuments({ user: new UUID(user) });
const isHeld = ({ status }: { status: string }) => status === 'HELD';

describe('a moderation', () => {
  test('is shown the values and media that a run is given, and then what it has made', async () => {
    const alice = await givenRich();
    const driver = makeDriver();
    const first = await driver.ends(alice, await runs(alice, PLAIN_PICTURE));
    moderator.answer(allow);
    const picture = first.outputs?.[0]?.image;
    const started = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    const of = { execution: started.id, user: alice.id, workflow: started.workflow };
    expect(moderator.asked).toMatchObject([
      { ...of, of: 'INPUTS', parameters: { picture }, media: [{ kind: 'IMAGE' }] },
      { ...of, of: 'OUTPUTS', media: [{ kind: 'IMAGE', contentType: 'image/png' }] },
    ]);
    const formats = moderator.fetched.map((file) => file.toString('latin1', 1, 4));
    expect(formats).toEqual(['PNG', 'PNG']);
  });

  test('that refuses what a run is given keeps it from its pod', async () => {
    judge('INPUTS', refuse);
    const alice = await givenRich();
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 9 });
    const done = await makeDriver().ends(alice, started);
    const message = 'What it was given was refused: It shows a person.';
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'MODERATED', message } });
    expect(await historyOf(server)).toEqual([]);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  });

  test('that refuses what a run has made keeps it from becoming a medium, and nothing is left of it', async () => {
    judge('OUTPUTS', refuse);
    const alice = await givenRich();
    const done = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'MODERATED' } });
    expect(await imagesOf(alice.id)).toBe(0);
    expect(await listStaged(alice.id, done.id)).toEqual([]);
  });

  test('that gives no verdict is asked again, and after an hour an administrator has to decide', async () => {
    judge('INPUTS', null);
    const alice = await givenRich();
    const driver = makeDriver();
    const started = await runs(alice, PLAIN_PICTURE);
    const held = await driver.ends(alice, started, isHeld);
    expect(held).toMatchObject({ status: 'HELD', heldFor: 'INPUTS' });
    expect(moderator.asked.length).toBeGreaterThan(10);
    expect(await historyOf(server)).toEqual([]);
  });
});

test('what is asked for is shown wherever it stands: in the graph, as a default, or as a value', async () => {
  judge('INPUTS', hold);
  const [alice, admin] = [await givenRich(), await given.admin()];
  const texts = ['A wicked graph.', 'A wicked default.', 'A wicked value.'];
  const [inGraph, byDefault, given3] = texts;
  const graph = {
    ...PLAIN_PICTURE.graph,
    7: { class_type: 'Note', inputs: { text: inGraph, more: { __value__: [inGraph] } } },
    8: { class_type: 'Note', inputs: { text: 'x' } },
    9: { class_type: 'Note', inputs: { text: 'x' } },
  };
  const parameters = [
    { name: 'first', type: 'STRING', path: '8.inputs.text', default: byDefault },
    { name: 'second', type: 'STRING', path: '9.inputs.text' },
  ];
  await usePods();
  const workflow = { ...PLAIN_PICTURE, graph, parameters };
  const started = await runs(alice, workflow, { parameters: { second: given3 } });
  await makeDriver().ends(alice, started, isHeld);
  const shown = {
    7: { inputs: { text: inGraph, more: { __value__: [inGraph] } } },
    8: { inputs: { text: byDefault } },
    9: { inputs: { text: given3 } },
  };
  expect(moderator.asked).toMatchObject([{ of: 'INPUTS', graph: shown }]);
  const seen = await admin.get(`/v1/comfyui/executions/${started.id}/review`);
  expect(seen).toMatchObject({ status: 200, body: { graph: shown } });
});

describe('an execution that is HELD', () => {
  test('is not ended by deleting its project: that waits for the decision, too', async () => {
    judge('INPUTS', hold);
    const [alice, bob, admin] = [await givenRich(), await given.user(), await given.admin()];
    const driver = makeDriver();
    const project = (await alice.project()).id;
    const started = await runs(alice, PLAIN_PICTURE, { project });
    await driver.ends(alice, started, isHeld);
    const path = `/v1/projects/${project}`;
    expect(await alice.delete(path)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
    expect((await bob.delete(path)).status).toBe(404);
    const decision = { decision: 'REFUSE', reason: 'No.' };
    const review = `/v1/comfyui/executions/${started.id}/review`;
    expect((await admin.post(review, decision)).status).toBe(200);
    expect((await alice.delete(path)).status).toBe(204);
  });

  test('is ended by administrators alone: its owner can neither go on with it nor cancel it', async () => {
    judge('INPUTS', hold);
    const [alice, admin] = [await givenRich(), await given.admin()];
    const driver = makeDriver();
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 9 });
    const held = await driver.ends(alice, started, isHeld);
    expect(held).toMatchObject({ status: 'HELD', heldReason: hold.reason });
    for (let i = 0; i < 20; i++) await driver.step();
    const path = `/v1/comfyui/executions/${started.id}`;
    for (const cancel of [`${path}/cancel`, `/v1/jobs/${started.job}/cancel`]) {
      expect(await alice.post(cancel)).toMatchObject({
        ...{ status: 409, body: { code: 'INVALID_STATE' } },
      });
    }
    const decision = { decision: 'ALLOW' };
    expect((await alice.post(`${path}/review`, decision)).status).toBe(403);
    expect((await alice.get('/v1/comfyui/executions/held')).status).toBe(403);
    const list = await admin.get<{ data: { id: string }[] }>('/v1/comfyui/executions/held');
    expect(list.body.data.map(({ id }) => id)).toContain(started.id);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 9 });
    const decided = await admin.post(`${path}/review`, decision);
    expect(decided, decided.text).toMatchObject({ status: 200, body: { status: 'QUEUED' } });
    expect((await admin.post(`${path}/review`, decision)).status).toBe(409);
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    expect(await readBalance(alice)).toEqual({ balance: 91, held: 0 });
  });

  test('for what it has made shows nothing of it, and keeps it: it goes on though its pod is gone', async () => {
    judge('OUTPUTS', hold);
    const [alice, admin] = [await givenRich(), await given.admin()];
    const driver = makeDriver();
    const started = await runs(alice, PLAIN_PICTURE);
    await driver.ends(alice, started, isHeld);
    expect(await imagesOf(alice.id)).toBe(0);
    const path = `/v1/comfyui/executions/${started.id}/review`;
    const seen = await admin.get<{ files: { url: string }[] }>(path);
    expect(seen.body).toMatchObject({ heldFor: 'OUTPUTS', files: [{ kind: 'IMAGE' }] });
    expect((await fetch(seen.body.files[0]?.url as string)).status).toBe(200);
    await server.stop();
    expect((await admin.post(path, { decision: 'ALLOW' })).status).toBe(200);
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    expect(await imagesOf(alice.id)).toBe(1);
    expect(await listStaged(alice.id, started.id)).toEqual([]);
  });

  test('fails when an administrator refuses it, with his reason', async () => {
    judge('OUTPUTS', hold);
    const [alice, admin] = [await givenRich(), await given.admin()];
    const driver = makeDriver();
    const started = await runs(alice, { ...PLAIN_PICTURE, creditCost: 9 });
    await driver.ends(alice, started, isHeld);
    const path = `/v1/comfyui/executions/${started.id}/review`;
    const decision = { decision: 'REFUSE', reason: 'It shows somebody.' };
    const decided = await admin.post(path, decision);
    const message = 'What it has made was refused: It shows somebody.';
    expect(decided.body).toMatchObject({ status: 'FAILED', error: { code: 'MODERATED', message } });
    expect(decided.body).not.toHaveProperty('heldFor');
    expect(await imagesOf(alice.id)).toBe(0);
    expect(await listStaged(alice.id, started.id)).toEqual([]);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  });
});

async function listStaged(user: string, id: string): Promise<string[]> {
  const collection = ComfyUIWorkflowExecution.collectionName;
  const keys: string[] = [];
  for await (const page of listKeys(folderIn(collection, new UUID(user), new UUID(id)))) {
    keys.push(...page);
  }
  return keys;
}
