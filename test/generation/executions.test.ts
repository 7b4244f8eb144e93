import '../harness/place.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Doc, given, type Person } from '../harness/given.ts';
import { until } from '../harness/until.ts';
import { type FakeComfyUI, startComfyUI } from './support/comfyui.ts';

let comfyui: FakeComfyUI;

beforeAll(async () => {
  comfyui = await startComfyUI();
  const admin = await given.admin();
  const pod = { name: 'Fake', baseUrl: comfyui.url, isPrivate: true };
  expect((await admin.post('/v1/comfyui/pods', pod)).status).toBe(201);
});

afterAll(() => comfyui.stop());

interface Execution extends Doc {
  outputs?: { node: string; kind: string; image?: string }[];
  error?: { code: string; message: string };
}

const EMPTY_IMAGE = {
  name: 'A plain picture',
  graph: {
    1: { class_type: 'EmptyImage', inputs: { width: 64, height: 48, color: 0 } },
    2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'plain' } },
  },
  parameters: [
    { name: 'width', type: 'INTEGER', path: '1.inputs.width', default: 64, min: 16, max: 512 },
    { name: 'color', type: 'SEED', path: '1.inputs.color', max: 0xffffff },
  ],
  outputs: [{ node: '2', kind: 'IMAGE' }],
};

async function runs(person: Person, workflow: object, asked: object = {}): Promise<Execution> {
  const made = await person.post('/v1/comfyui/workflows', workflow);
  expect(made.status, made.text).toBe(201);
  const started = await person.post<Execution>('/v1/comfyui/executions', {
    workflow: made.body.id,
    ...asked,
  });
  expect(started.status, started.text).toBe(202);
  return started.body;
}

function ends(person: Person, { id }: Doc, status: string): Promise<Execution> {
  let seen: Execution | undefined;
  return until(
    () => `the execution is ${status}: ${JSON.stringify(seen)}`,
    async () => {
      seen = (await person.get<Execution>(`/v1/comfyui/executions/${id}`)).body;
      if (seen.status === status) return seen;
      const hasEnded = ['COMPLETED', 'FAILED', 'LOST', 'CANCELLED'].includes(seen.status);
      if (hasEnded) throw new Error(`It is ${JSON.stringify(seen)}`);
      return undefined;
    },
    60_000,
  );
}

describe.concurrent('an execution', () => {
  test('of a workflow comes back as a picture of the project, READY, with its lineage', async () => {
    const alice = await given.user();
    const project = (await alice.project()).id;
    const parameters = { width: 80 };
    const started = await runs(alice, EMPTY_IMAGE, { project, parameters });
    const done = await ends(alice, started, 'COMPLETED');
    expect(done.outputs).toEqual([{ node: '2', kind: 'IMAGE', image: expect.any(String) }]);
    const { body } = await alice.get(`/v1/images/${done.outputs?.[0]?.image}`);
    expect(body).toMatchObject({
      ...{ status: 'READY', project, generatedBy: started.job, image: { width: 80, height: 48 } },
      lineage: { execution: started.id, workflow: started.workflow, revision: 1, node: '2' },
    });
    const logs = await alice.get<{ data: { event: string }[] }>(
      `/v1/comfyui/executions/${started.id}/logs`,
    );
    const events = logs.body.data.map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['submitting', 'submitted', 'collecting']));
  });
});
