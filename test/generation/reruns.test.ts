import '../harness/place.ts';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { newId, UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import type { Problem } from '../contract/held.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { exifOf, pngText, withExif } from '../samples/origin.ts';
import {
  type Execution,
  makeDriver,
  PLAIN_PICTURE,
  runs,
  SMALLER_PICTURE,
} from './support/drive.ts';
import { servePod } from './support/serve.ts';

place({ worker: false });

servePod();

const BLANK = { width: 8, height: 8, channels: 3, background: 'red' } as const;

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

test('a lineage tells a hundred results of one medium, and that there are more', async () => {
  const alice = await given.user();
  const run = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
  const id = run.outputs?.[0]?.image as string;
  const image = await Image.collection.findOne({ _id: new UUID(id) });
  const others = Array.from({ length: 120 }, () => {
    const _id = newId(Date.now());
    return { ...image, _id, madeFrom: [id], filePath: `${image?.filePath}/${_id}` };
  });
  await Image.collection.insertMany(others as never);
  const { body } = await alice.get<Lineage>(`/v1/images/${id}/lineage`);
  expect(body.results).toHaveLength(100);
  expect(body.results.every(({ steps }) => steps === 1)).toBe(true);
  expect(body.hasMore).toBe(true);
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

  /** A picture of somebody that carries these texts, READY. */
  async function upload(person: Person, bytes: Buffer): Promise<string> {
    const driver = makeDriver();
    const { id } = await person.uploads(bytes, { fileName: 'found.png' }, 'images');
    const isReady = async () => (await person.get(`/v1/images/${id}`)).body.status === 'READY';
    for (let i = 0; i < 50 && !(await isReady()); i++) await driver.step();
    expect(await isReady()).toBe(true);
    return id;
  }
  const blank = () => sharp({ create: BLANK }).png().toBuffer();

  const { graph } = PLAIN_PICTURE;
  const long = (characters: number) =>
    JSON.stringify({
      ...graph,
      7: { class_type: 'PrimitiveString', inputs: { value: 'x'.repeat(characters) } },
    });
  test.each<[string, number, () => Promise<Buffer>]>([
    [
      'a PNG with 65 KB',
      65_000,
      async () => pngText(await blank(), [['prompt', long(65_000), 'tEXt']]),
    ],
    [
      'a PNG with 1.5 MB',
      1.5e6,
      async () => pngText(await blank(), [['prompt', long(1.5e6), 'iTXt']]),
    ],
    [
      'a PNG with 1.5 MB, packed',
      1.5e6,
      async () => pngText(await blank(), [['prompt', long(1.5e6), 'zTXt']]),
    ],
    [
      'a WebP with 100 KB',
      100_000,
      async () => {
        const file = await sharp({ create: BLANK }).webp().toBuffer();
        return withExif(file, exifOf({ 272: `prompt:${long(100_000)}` }));
      },
    ],
  ])('reads a graph that is too long to be kept with its picture: %s', async (_, length, make) => {
    const alice = await given.user();
    const image = await upload(alice, await make());
    const made = await alice.post('/v1/comfyui/workflows/import', { name: 'Large', image });
    expect(made.status, made.text.slice(0, 500)).toBe(201);
    const { body } = await alice.get<{
      graph: typeof graph & { 7: { inputs: { value: string } } };
    }>(`/v1/comfyui/workflows/${made.body.id}`);
    expect(body.graph[7].inputs.value).toHaveLength(length);
  });

  test('of a picture with more than a graph may have says so', async () => {
    const alice = await given.user();
    const bytes = pngText(await blank(), [['prompt', long(2.2e6), 'zTXt']]);
    const image = await upload(alice, bytes);
    const refused = await alice.post<Problem>('/v1/comfyui/workflows/import', { name: 'X', image });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'image' }] } });
    expect(refused.body.errors[0]?.message).toContain('at most 2097152 bytes');
  });

  test('reads the JSON of Python: NaN and Infinity are nothing, but stay in a text', async () => {
    const alice = await given.user();
    const text = 'a [NaN, -Infinity] b \\"NaN\\"';
    const { 1: empty, 2: save } = graph;
    const named = { ...save, inputs: { ...save.inputs, filename_prefix: text } };
    const prompt = JSON.stringify({ 1: { ...empty, is_changed: ['?'] }, 2: named });
    const python = prompt.replace('"?"', 'NaN, Infinity , -Infinity');
    const image = await upload(alice, pngText(await blank(), [['prompt', python, 'tEXt']]));
    const made = await alice.post('/v1/comfyui/workflows/import', { name: 'Python', image });
    expect(made.status, made.text).toBe(201);
    expect(made.body.graph).toEqual({ 1: empty, 2: named });
  });

  const inputs = (json: string) => `{"1":{"class_type":"X","inputs":${json}}}`;
  const nested = (levels: number) => inputs(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const refused: [what: string, graph: string, path: string, message: string][] = [
    ['is nested too deep', nested(100), 'graph.1.inputs.a.a', 'is nested deeper than 32 levels'],
    ['has a key of prototypes', inputs('{"__proto__":1}'), '__proto__', 'is a forbidden key'],
    ['has a key of classes', inputs('{"constructor":1}'), 'constructor', 'is a forbidden key'],
    ['has an operator', inputs('{"$where":1}'), '$where', 'a key may not start with $'],
    ['has a key with NUL', inputs('{"a\\u0000":1}'), 'inputs.a', 'a key may not hold NUL'],
    ['has too many keys', inputs(`{"a":[${'1,'.repeat(40_000)}1]}`), '', 'has over 40000 keys'],
    [
      'grows, as its numbers are written out',
      inputs(`{"a":"${'x'.repeat(1.9e6)}","b":{"c":[${'1e20,'.repeat(20_000)}1]}}`),
      'graph',
      'exceeds 2097152 bytes',
    ],
  ];
  test.each(refused)(
    'of a picture whose graph %s is refused as a body is',
    async (...[, graph, path, message]) => {
      const alice = await given.user();
      const image = await upload(alice, pngText(await blank(), [['prompt', graph, 'zTXt']]));
      const found = await alice.post<Problem>('/v1/comfyui/workflows/import', { name: 'X', image });
      expect(found.status, found.text.slice(0, 500)).toBe(422);
      expect(found.body.errors[0]).toEqual({ path: expect.stringContaining(path), message });
      const body = { name: 'X', graph: JSON.parse(graph) };
      const sent = await alice.post<Problem>('/v1/comfyui/workflows/import', body);
      expect(found.body.errors).toEqual(sent.body.errors);
    },
  );

  test('of a picture whose graph has a number beyond all is refused', async () => {
    const alice = await given.user();
    const image = await upload(
      alice,
      pngText(await blank(), [['prompt', inputs('{"a":1e999}'), 'zTXt']]),
    );
    const found = await alice.post<Problem>('/v1/comfyui/workflows/import', { name: 'X', image });
    expect(found.status, found.text).toBe(422);
    const message = 'is too large a number';
    expect(found.body.errors).toEqual([{ path: 'graph.1.inputs.a', message }]);
  });

  test.each([
    ['prompt', nested(200_000)],
    ['workflow', `{"nodes":[{"id":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`],
  ])('of a picture whose %s is nested as deep as can be is refused', async (key, text) => {
    const alice = await given.user();
    const image = await upload(alice, pngText(await blank(), [[key, text, 'zTXt']]));
    const found = await alice.post<Problem>('/v1/comfyui/workflows/import', { name: 'X', image });
    expect(found.status, found.text.slice(0, 500)).toBe(422);
    expect(found.body.errors).toMatchObject([{ message: 'is nested deeper than 32 levels' }]);
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
