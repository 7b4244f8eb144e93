import '../harness/place.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComfyUi, startComfyUi } from '../../src/local/comfyui/start.ts';
import type { Problem } from '../contract/held.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import {
  type Execution,
  makeDriver,
  PLAIN_PICTURE,
  runs,
  SMALLER_PICTURE,
  usePods,
} from './support/drive.ts';

place({ worker: false });

let server: ComfyUi;
beforeAll(async () => {
  server = await startComfyUi();
  await usePods(server.url);
});
afterAll(() => server.stop());

interface Relative {
  id: string;
  kind: string | null;
  steps: number;
  lineage: object | null;
}
interface Lineage {
  medium: Relative;
  sources: Relative[];
  results: Relative[];
  hasMore: boolean;
}

describe('a rerun', () => {
  test('repeats an execution with the same revision, values and seeds, whatever its workflow is by now', async () => {
    const alice = await given.user();
    const driver = makeDriver();
    const parameters = { width: 48 };
    const first = await driver.ends(alice, await runs(alice, PLAIN_PICTURE, { parameters }));
    const workflow = `/v1/comfyui/workflows/${first.workflow}`;
    const change = { graph: { 1: { inputs: { height: 999 } } }, parameters: [] };
    expect((await alice.patch(workflow, change)).body.revision).toBe(2);
    const job = await alice.post(`/v1/jobs/${first.job}/rerun`);
    expect(job).toMatchObject({ status: 202, body: { type: 'execute-workflow' } });
    const { document } = job.body.input as { document: string };
    const again = await driver.ends(alice, { id: document } as Doc);
    expect(again).toMatchObject({
      ...{ status: 'COMPLETED', rerunOf: first.id, workflowRevision: 1, seeds: first.seeds },
      parameters: { width: 48 },
    });
    const images = await Promise.all(
      [first, again].map(
        async (run) => (await alice.get(`/v1/images/${run.outputs?.[0]?.image}`)).body,
      ),
    );
    const facts = images.map(
      (image) => image.image as { width: number; height: number; dominantColor: string },
    );
    expect(facts[1]).toEqual(facts[0]);
    expect(images[1]?.lineage).toMatchObject({ revision: 1, seeds: first.seeds });
  });

  test('may be varied, and names what is wrong with the variation', async () => {
    const alice = await given.user();
    const driver = makeDriver();
    const first = await driver.ends(alice, await runs(alice, PLAIN_PICTURE));
    const wrong = { parameters: { width: 3, depth: 1 } };
    const refused = await alice.post<Problem>(`/v1/jobs/${first.job}/rerun`, wrong);
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map(({ path }) => path).toSorted()).toEqual([
      'parameters.depth',
      'parameters.width',
    ]);
    const varied = { parameters: { color: 77 } };
    const job = await alice.post(`/v1/jobs/${first.job}/rerun`, varied);
    const { document } = job.body.input as { document: string };
    const again = await driver.ends(alice, { id: document } as Doc);
    expect(again).toMatchObject({ status: 'COMPLETED', seeds: { color: 77 } });
  });

  test('of a job that has generated nothing, or of somebody else, is refused', async () => {
    const [alice, bob] = [await given.user(), await given.user()];
    const run = await runs(alice, PLAIN_PICTURE);
    expect((await bob.post(`/v1/jobs/${run.job}/rerun`)).status).toBe(404);
    const other = await alice.post('/v1/jobs', { type: 'reprocess', input: { kind: 'IMAGE' } });
    if (other.status === 202) {
      expect((await alice.post(`/v1/jobs/${other.body.id}/rerun`)).status).toBe(409);
    }
  });
});

describe('a lineage', () => {
  test('is walked up to what a medium was made from, and down to what was made of it', async () => {
    const [alice, bob] = [await given.user(), await given.user()];
    const driver = makeDriver();
    const made: string[] = [];
    const root = await driver.ends(alice, await runs(alice, PLAIN_PICTURE));
    made.push(root.outputs?.[0]?.image as string);
    for (let n = 0; n < 2; n++) {
      const parameters = { picture: made.at(-1) };
      const next: Execution = await driver.ends(
        alice,
        await runs(alice, SMALLER_PICTURE, { parameters }),
      );
      made.push(next.outputs?.[0]?.image as string);
    }
    const [first, second, third] = made as [string, string, string];
    const walk = async (id: string) => {
      const { body } = await alice.get<Lineage>(`/v1/images/${id}/lineage`);
      const list = (relatives: Relative[]) => relatives.map(({ id, steps }) => [id, steps]);
      return { up: list(body.sources), down: list(body.results), own: body.medium.lineage };
    };
    expect(await walk(first)).toMatchObject({
      up: [],
      down: [
        [second, 1],
        [third, 2],
      ],
    });
    expect(await walk(second)).toMatchObject({ up: [[first, 1]], down: [[third, 1]] });
    expect(await walk(third)).toMatchObject({
      up: [
        [second, 1],
        [first, 2],
      ],
      down: [],
    });
    expect((await walk(third)).own).toMatchObject({ generator: 'COMFYUI', models: [] });
    expect((await bob.get(`/v1/images/${first}/lineage`)).status).toBe(404);
    expect((await alice.delete(`/v1/images/${first}`)).status).toBe(204);
    const { body } = await alice.get<Lineage>(`/v1/images/${second}/lineage`);
    expect(body.sources).toMatchObject([{ id: first, kind: null, steps: 1 }]);
  });
});

describe('an import', () => {
  test('makes a workflow of the graph that a picture carries, and suggests what may be set', async () => {
    const alice = await given.user();
    const run = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
    const image = run.outputs?.[0]?.image;
    const made = await alice.post('/v1/comfyui/workflows/import', { name: 'Found', image });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({
      outputs: [{ node: '2', kind: 'IMAGE' }],
      parameters: expect.arrayContaining([
        { name: 'width', type: 'INTEGER', path: '1.inputs.width', default: 64 },
      ]),
    });
    expect(made.text).not.toContain('run_nonce');
    const again = await alice.post<Execution>('/v1/comfyui/executions', { workflow: made.body.id });
    expect(await makeDriver().ends(alice, again.body)).toMatchObject({ status: 'COMPLETED' });
  });

  test("of the editor's format says how to export it, where no pod is known to be up", async () => {
    const alice = await given.user();
    const graph = { nodes: [{ id: 1, type: 'EmptyImage' }], links: [] };
    for (const path of ['/v1/comfyui/workflows', '/v1/comfyui/workflows/import']) {
      const refused = await alice.post<Problem>(path, { name: 'Saved', graph });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'graph' }] } });
      expect(refused.body.errors[0]?.message).toContain('Export (API)');
    }
  });
});
