import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import type { ComfyUi } from '../../src/local/comfyui/start.ts';
import { ComfyUIPod } from '../../src/models/generation/comfyui/pod.ts';
import { checkPod } from '../../src/services/generation/comfyui/check-pods.ts';
import { readCatalog, storeCatalog } from '../../src/services/generation/comfyui/node-catalog.ts';
import { findPod, type PodDoc } from '../../src/services/generation/comfyui/pods.ts';
import { waitForUpload } from '../../src/services/generation/comfyui/send-inputs.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import {
  type Driver,
  makeDriver,
  PLAIN_PICTURE,
  runs,
  SMALLER_PICTURE,
  usePods,
} from './support/drive.ts';
import { servePods } from './support/serve.ts';

place({ worker: false });

const signal = AbortSignal.timeout(300_000);
const serve = servePods();

/** Asks pods what nodes and models they have, as the schedule does. */
async function learn(driver: Driver, ids: string[]): Promise<void> {
  for (const id of ids) {
    const pod = (await findPod(driver.ctx, new UUID(id))) as PodDoc;
    expect(await checkPod(driver.ctx, pod, signal)).toBe(true);
  }
}

/** A picture that somebody has made. */
async function makePicture(person: Person, driver: Driver): Promise<string> {
  const made = await driver.ends(person, await runs(person, PLAIN_PICTURE));
  return made.outputs?.[0]?.image as string;
}

/** How often a server was sent something, and what it answered to it. */
const count = ({ faults }: ComfyUi, place: string) =>
  faults.happened.filter(({ at }) => at === place).length;

const MODEL = { file: 'song.safetensors', folder: 'checkpoints' };

/** A picture by a model. */
const BY_MODEL = {
  name: 'A picture by a model',
  graph: {
    1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'other.safetensors' } },
    2: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    3: { class_type: 'CLIPTextEncode', inputs: { text: 'a', clip: ['1', 1] } },
    4: {
      class_type: 'KSampler',
      inputs: {
        ...{ seed: 1, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
        ...{ model: ['1', 0], positive: ['3', 0], negative: ['3', 0], latent_image: ['2', 0] },
      },
    },
    5: { class_type: 'VAEDecode', inputs: { samples: ['4', 0], vae: ['1', 2] } },
    6: { class_type: 'SaveImage', inputs: { images: ['5', 0], filename_prefix: 'model' } },
  },
  parameters: [
    { name: 'model', type: 'STRING', path: '1.inputs.ckpt_name', default: MODEL.file },
    { name: 'steps', type: 'INTEGER', path: '4.inputs.steps', default: 1 },
  ],
  outputs: [{ node: '6', kind: 'IMAGE' }],
};

test.each([
  ['too-large', 'upload', 'INPUT_TOO_LARGE'],
  ['forbidden', 'upload', 'REFUSED'],
  ['too-large', 'submit', 'REFUSED'],
  ['forbidden', 'submit', 'REFUSED'],
] as const)(
  'what the only pod refuses for good, %s at %s, has failed at once, and is asked once',
  async (name, at, code) => {
    const server = await serve();
    await usePods(server.url);
    const [alice, driver] = [await given.user(), makeDriver()];
    const picture = await makePicture(alice, driver);
    server.faults.add({ name, at, times: 100 });
    const started = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
    const before = driver.ctx.clock() - Date.now();
    const done = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'FAILED', error: { code } });
    expect(done.error?.message).toContain(at === 'upload' ? 'picture' : 'answered 4');
    expect(driver.ctx.clock() - Date.now() - before).toBeLessThan(60_000);
    expect(count(server, at)).toBe(1);
    const path = `/v1/comfyui/executions/${started.id}/logs?limit=100`;
    const logs = await alice.get<{ data: { event: string; level: string }[] }>(path);
    expect(logs.body.data).toContainEqual(
      expect.objectContaining({ event: 'refused', level: 'WARN' }),
    );
  },
);

test('a pod that takes less than an input has is not sent it: another pod gets it', async () => {
  const server = await serve();
  await usePods(server.url);
  const [alice, driver] = [await given.user(), makeDriver()];
  const picture = await makePicture(alice, driver);
  const small = await serve({ maxUpload: 200 });
  const [, there] = await usePods(small.url, server.url);
  const started = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
  expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED', pod: there });
  await usePods(small.url);
  const again = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
  const done = await driver.ends(alice, again);
  expect(done).toMatchObject({ status: 'FAILED', error: { code: 'INPUT_TOO_LARGE' } });
});

test('an upload may take longer the larger it is, and never as long as a function', () => {
  expect(waitForUpload(933)).toBe(45_001);
  expect(waitForUpload(200e6)).toBeGreaterThan(200_000);
  expect(waitForUpload(8e9)).toBe(600_000);
});

test.each(['too-many', 'server-error'] as const)(
  'what a pod only puts off, %s, is sent again until it is taken',
  async (name) => {
    const server = await serve();
    await usePods(server.url);
    const [alice, driver] = [await given.user(), makeDriver()];
    const picture = await makePicture(alice, driver);
    server.faults.add({ name, at: 'upload', times: 2 });
    const started = await runs(alice, SMALLER_PICTURE, { parameters: { picture } });
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
  },
);

test('a run is given to the pod that has its model, by what pods have said of theirs', async () => {
  const lacking = await Promise.all([1, 2, 3, 4].map(() => serve()));
  const having = await serve({ models: [MODEL] });
  const ids = await usePods(...[...lacking, having].map(({ url }) => url));
  const [alice, driver] = [await given.user(), makeDriver()];
  await learn(driver, ids);
  const done = await driver.ends(alice, await runs(alice, BY_MODEL));
  expect(done, JSON.stringify(done.error)).toMatchObject({ status: 'COMPLETED', pod: ids.at(-1) });
  expect(done.nodeErrors).toBeUndefined();
  // Its lineage is of what was run, not of what the workflow has where nothing is given.
  const { body } = await alice.get(`/v1/images/${done.outputs?.[0]?.image}`);
  expect(body.lineage).toMatchObject({ models: [MODEL.file], seeds: { '4:seed': 1 } });
});

test('where nothing is known of models, each pod is asked once until one has the model', async () => {
  const lacking = await Promise.all([1, 2, 3, 4].map(() => serve()));
  const having = await serve({ models: [MODEL] });
  const ids = await usePods(...[...lacking, having].map(({ url }) => url));
  const [alice, driver] = [await given.user(), makeDriver()];
  const done = await driver.ends(alice, await runs(alice, BY_MODEL));
  expect(done, JSON.stringify(done.error)).toMatchObject({ status: 'COMPLETED', pod: ids.at(-1) });
});

test.each([true, false])(
  'a run waits for the pod that may have its model, while that is away (its nodes are known: %s)',
  async (isKnown) => {
    const [lacking, having] = [await serve(), await serve({ models: [MODEL] })];
    const ids = await usePods(lacking.url, having.url);
    const [alice, driver] = [await given.user(), makeDriver()];
    if (isKnown) await learn(driver, ids);
    having.restart(3600);
    const started = await runs(alice, BY_MODEL);
    for (let i = 0; i < 30; i++) await driver.step();
    const seen = await alice.get(`/v1/comfyui/executions/${started.id}`);
    expect(seen.body).toMatchObject({ status: 'QUEUED', stage: 'WAITING' });
    having.restart(0);
    const done = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'COMPLETED', pod: ids[1] });
  },
);

test('a run whose model no pod has is refused at once, and says which input it is', async () => {
  const pods = [await serve(), await serve(), await serve(), await serve()];
  const ids = await usePods(...pods.map(({ url }) => url));
  const [alice, driver] = [await given.user(), makeDriver()];
  await learn(driver, ids);
  const done = await driver.ends(alice, await runs(alice, BY_MODEL));
  expect(done).toMatchObject({
    ...{ status: 'FAILED', error: { code: 'REFUSED' } },
    nodeErrors: { 1: { errors: [{ type: 'value_not_in_list', input: 'ckpt_name' }] } },
  });
});

test.each(['nodes', 'model', 'nothing known'])(
  'what runs out of memory fails for that where the only roomier pod cannot run it: %s',
  async (lacks) => {
    const small = await serve({ faults: ['out-of-memory'], models: [MODEL] });
    const large = await serve();
    const ids = await usePods(small.url, large.url);
    const [alice, driver] = [await given.user(), makeDriver()];
    if (lacks !== 'nothing known') await learn(driver, ids);
    for (const [i, vramTotal] of [8e9, 24e9].entries()) {
      const _id = new UUID(ids[i]);
      await ComfyUIPod.collection.updateOne({ _id }, { $set: { vramTotal } });
    }
    if (lacks === 'nodes') {
      const catalog = await readCatalog(driver.ctx, new UUID(ids[1]));
      const { KSampler: _, ...others } = catalog ?? {};
      await storeCatalog(driver.ctx, new UUID(ids[1]), others);
    }
    const started = await runs(alice, BY_MODEL);
    const before = driver.ctx.clock() - Date.now();
    const done = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'OUT_OF_MEMORY' } });
    expect(driver.ctx.clock() - Date.now() - before).toBeLessThan(120_000);
  },
);
