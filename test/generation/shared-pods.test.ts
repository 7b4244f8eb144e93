import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { storeCatalog } from '../../src/services/generation/comfyui/node-catalog.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import {
  type Execution,
  makeDriver,
  PLAIN_PICTURE,
  runs,
  SMALLER_PICTURE,
  usePods,
} from './support/drive.ts';
import { servePod } from './support/serve.ts';

place({ worker: false });

const pod = servePod();

function save(filename_prefix: unknown) {
  return { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix } };
}

/** A workflow that shows a file of its pod. */
function show(image: unknown, more: object = {}) {
  return {
    name: 'A look',
    graph: { 1: { class_type: 'LoadImage', inputs: { image } }, 2: save('look') },
    outputs: [{ node: '2', kind: 'IMAGE' }],
    ...more,
  };
}

/** Starts a workflow of somebody; what is refused at once is told as what it is. */
async function start(person: Person, workflow: object, parameters: object = {}) {
  const made = await person.post('/v1/comfyui/workflows', workflow);
  if (made.status !== 201) return made;
  return person.post<Execution>('/v1/comfyui/executions', { workflow: made.body.id, parameters });
}

describe('the file of somebody else at a shared pod', () => {
  test.each([
    'secret_00001_.png [output]',
    'secret_00001_.png [OUTPUT]',
    '../output/secret_00001_.png',
    'sub/../../output/secret_00001_.png',
    '/srv/comfyui/output/secret_00001_.png',
    'C:\\comfyui\\output\\secret_00001_.png',
    'ComfyUI_temp_abcde_00001_.png [temp]',
    'picture.png [input]',
    { __value__: 'secret_00001_.png [output]' },
    ['3', 0],
  ])('is not reached by a graph that names it: %j', async (image) => {
    const alice = await given.user();
    const workflow = show(image);
    const graph = {
      ...workflow.graph,
      3: { class_type: 'PrimitiveString', inputs: { value: 'x' } },
    };
    const refused = await alice.post('/v1/comfyui/workflows', { ...workflow, graph });
    const path = 'graph.1.inputs.image';
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  test('is not reached by a name alone: a run only has what it is given', async () => {
    const alice = await given.user();
    const refused = await start(alice, show('picture.png'));
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'workflow' }] } });
    const parameters = [{ name: 'picture', type: 'IMAGE', path: '1.inputs.image' }];
    const left = await start(alice, show('picture.png', { parameters }));
    expect(left).toMatchObject({ status: 422, body: { errors: [{ path: 'parameters.picture' }] } });
  });

  test('is not reached by a text that a parameter sets', async () => {
    const alice = await given.user();
    const parameters = [{ name: 'file', type: 'STRING', path: '1.inputs.image' }];
    const refused = await start(alice, show('x.png', { parameters }));
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'parameters.0.type' }] },
    });
    const other = { class_type: 'LoadSomething', inputs: { video: 'x' } };
    const unknown = {
      name: 'Another look',
      graph: { 1: other, 2: save('look') },
      parameters: [{ name: 'video', type: 'STRING', path: '1.inputs.video' }],
    };
    await usePods();
    const faults = await start(alice, unknown, { video: '/output/secret_00001_.png' });
    await usePods(pod.server.url);
    expect(faults).toMatchObject({ status: 422, body: { errors: [{ path: 'parameters.video' }] } });
  });

  test('is not reached by a node of others that loads files: its pod says what it takes', async () => {
    const alice = await given.user();
    const [id = ''] = await usePods(pod.server.url);
    const driver = makeDriver();
    const folder = [['holidays', 'secret'], {}];
    const node = { input: { required: { directory: folder } }, output: ['IMAGE'] };
    const saver = { input: { required: { images: ['IMAGE'], filename_prefix: ['STRING'] } } };
    const catalog = { VHS_LoadImages: node, SaveImage: { ...saver, output_node: true } };
    await storeCatalog(driver.ctx, new UUID(id), catalog);
    const workflow = show('x');
    const graph = {
      ...workflow.graph,
      1: { class_type: 'VHS_LoadImages', inputs: { directory: 'secret' } },
    };
    const done = await driver.ends(alice, await runs(alice, { ...workflow, graph }));
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'FOREIGN_FILE' } });
    await usePods(pod.server.url);
  });
});

test('what a run is given is in a folder of its own, too', async () => {
  const alice = await given.user();
  const driver = makeDriver();
  const first = await driver.ends(alice, await runs(alice, PLAIN_PICTURE));
  const picture = first.outputs?.[0]?.image;
  const started = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
  const done = await driver.ends(alice, started);
  expect(done).toMatchObject({ status: 'COMPLETED' });
  const { promptId } = (await ComfyUIWorkflowExecution.collection.findOne({
    _id: new UUID(done.id),
  })) as unknown as { promptId: string };
  const ran = JSON.stringify(await (await fetch(`${pod.server.url}/history/${promptId}`)).json());
  expect(ran).toContain(`"image":"mixdown/${promptId}/${picture}-`);
});

describe('what a run saves', () => {
  test.each([
    ['plain', 'plain'],
    ['covers/2026/blue', 'blue'],
    ['../../elsewhere/up', 'up'],
    ['/srv/absolute', 'absolute'],
    ['..\\back\\slash', 'slash'],
    ['..', 'output'],
    ['', 'output'],
    [{ __value__: 'valued' }, 'output'],
    [`mixdown/${crypto.randomUUID()}/again`, 'again'],
  ])('as %j is in a folder of its own, under the same name', async (prefix, name) => {
    const alice = await given.user();
    const graph = { ...PLAIN_PICTURE.graph, 2: save(prefix) };
    const done = await makeDriver().ends(alice, await runs(alice, { ...PLAIN_PICTURE, graph }));
    expect(done, JSON.stringify(done)).toMatchObject({ status: 'COMPLETED' });
    const { body } = await alice.get(`/v1/images/${done.outputs?.[0]?.image}`);
    expect(body).toMatchObject({ fileName: `${name}_00001_.png` });
    const stored = await ComfyUIWorkflowExecution.collection.findOne({ _id: new UUID(done.id) });
    const outside = await fetch(`${pod.server.url}/view?filename=${name}_00001_.png`);
    expect(outside.status).toBe(404);
    const subfolder = `mixdown/${stored?.promptId}`;
    const listed = (await (
      await fetch(`${pod.server.url}/history/${stored?.promptId}`)
    ).json()) as object;
    expect(JSON.stringify(listed)).toContain(`"subfolder":"${subfolder}`);
  });

  test('by a parameter is in that folder, too', async () => {
    const alice = await given.user();
    const parameters = [{ name: 'name', type: 'STRING', path: '2.inputs.filename_prefix' }];
    const workflow = { ...PLAIN_PICTURE, parameters };
    const started = await runs(alice, workflow, { parameters: { name: '../mine' } });
    expect(await makeDriver().ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    expect((await fetch(`${pod.server.url}/view?filename=mine_00001_.png`)).status).toBe(404);
  });
});
