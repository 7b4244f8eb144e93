import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import '../harness/place.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comfyuiPods } from '../../functions/comfyui-pods.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { type ComfyUi, startComfyUi } from '../../src/local/comfyui/start.ts';
import { ComfyUIPod } from '../../src/models/generation/comfyui/pod.ts';
import { RunPodPod } from '../../src/models/generation/runpod/pod.ts';
import { callPod, PodFailure } from '../../src/services/generation/comfyui/call-pod.ts';
import { checkPod } from '../../src/services/generation/comfyui/check-pods.ts';
import {
  recordPodAnswer,
  recordPodFailure,
} from '../../src/services/generation/comfyui/pod-health.ts';
import { choosePod, findPod, type PodDoc } from '../../src/services/generation/comfyui/pods.ts';
import { conforms } from '../conforms.ts';
import type { Problem } from '../contract/held.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { stored } from '../harness/stored.ts';
import { PLAIN_PICTURE } from './support/drive.ts';

conforms(comfyuiPods, {
  person: given.admin,
  make: async (person) => (await person.post<Doc>('/v1/comfyui/pods', await pod(person))).body,
  body: pod,
  change: { name: 'Second' },
});

async function pod(person: Person) {
  const baseUrl = 'https://gpu.example.com:8188';
  return { name: 'First', baseUrl, runpodPod: await stored(RunPodPod, person) };
}

const ctx = systemCtx('test');
const signal = AbortSignal.timeout(120_000);

async function makePod(baseUrl: string, values: object = {}): Promise<PodDoc> {
  const admin = await given.admin();
  const body = { name: 'A pod', baseUrl, isPrivate: true, ...values };
  const { status, body: made, text } = await admin.post('/v1/comfyui/pods', body);
  expect(status, text).toBe(201);
  return (await findPod(ctx, new UUID(made.id))) as PodDoc;
}

describe('a pod', () => {
  const servers: ComfyUi[] = [];
  beforeAll(async () => {
    await ComfyUIPod.collection.deleteMany({});
    for (let n = 0; n < 3; n++) servers.push(await startComfyUi());
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  test.each([
    ['http://127.0.0.1:8188', 422],
    ['http://127.1:8188', 422],
    ['http://2130706433', 422],
    ['http://0x7f.1', 422],
    ['http://[::1]:8188', 422],
    ['http://[::ffff:10.0.0.1]', 422],
    ['http://10.0.0.8', 422],
    ['http://192.168.1.1', 422],
    ['http://169.254.169.254', 422],
    ['http://localhost', 422],
    ['http://pod.internal', 422],
    ['http://user:secret@gpu.example.com', 422],
    ['https://gpu.example.com/?token=1', 422],
    ['https://gpu.example.com', 201],
    ['http://93.184.216.34:8188/comfy', 201],
  ])('is not in a private network unless an administrator says so: %s', async (baseUrl, status) => {
    const admin = await given.admin();
    const made = await admin.post<Problem>('/v1/comfyui/pods', { name: 'X', baseUrl });
    expect(made.status).toBe(status);
    if (status === 422) expect(made.body.errors[0]?.path).toBe('baseUrl');
  });

  test.each([
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://[fd20:ce::254]',
    'http://100.100.100.200',
    'http://[fe80::1]',
  ])('is never where cloud hosts have their metadata: %s', async (baseUrl) => {
    const admin = await given.admin();
    const body = { name: 'X', baseUrl, isPrivate: true };
    expect((await admin.post('/v1/comfyui/pods', body)).status).toBe(422);
  });

  test('that is not private is not connected to at a private address, whatever its name resolves to', async () => {
    let calls = 0;
    const canary = createServer((_, response) => {
      calls++;
      response.end('{}');
    });
    await new Promise<void>((ready) => canary.listen(0, ready));
    const { port } = canary.address() as AddressInfo;
    for (const host of ['localhost', '127.0.0.1', '[::1]', '2130706433']) {
      const address = { _id: new UUID(), baseUrl: `http://${host}:${port}`, isPrivate: false };
      const failed = await callPod(address, { path: '/queue', signal }).catch((e) => e);
      expect(failed).toBeInstanceOf(PodFailure);
      expect(failed).toMatchObject({ mayHaveHeard: false });
    }
    expect(calls).toBe(0);
    await new Promise((done) => canary.close(done));
  });

  test('with the least to do is chosen, of those that answer, have the nodes and are not drained', async () => {
    await ComfyUIPod.collection.deleteMany({});
    const [busy, free, draining] = servers as [ComfyUi, ComfyUi, ComfyUi];
    const pods = [
      await makePod(busy.url),
      await makePod(free.url),
      await makePod(draining.url, { isDraining: true }),
      await makePod('http://127.0.0.1:9'),
    ];
    for (const pod of pods.slice(0, 3)) expect(await checkPod(ctx, pod, signal)).toBe(true);
    busy.faults.add('stall');
    const { graph } = PLAIN_PICTURE;
    const submit = (id: string) =>
      fetch(`${busy.url}/prompt`, {
        method: 'POST',
        body: JSON.stringify({ prompt: graph, prompt_id: id }),
      });
    expect((await submit(randomUUID())).status).toBe(200);
    const chosen = await choosePod(ctx, { classes: new Set(['SaveImage']) }, signal);
    expect(chosen?._id).toEqual(pods[1]?._id);
    expect(await choosePod(ctx, { classes: new Set(['NoSuchNode']) }, signal)).toBeNull();
    busy.restart();
  });

  test('that fails three times in a row gets no work for a while, and again after it answers', async () => {
    await ComfyUIPod.collection.deleteMany({});
    const [server] = servers as [ComfyUi];
    const pod = await makePod(server.url);
    const isChosen = async () => (await choosePod(ctx, { classes: new Set() }, signal)) !== null;
    for (let n = 0; n < 2; n++) await recordPodFailure(ctx, pod, new Error('no'));
    expect(await isChosen()).toBe(true);
    for (let n = 0; n < 3; n++) await recordPodFailure(ctx, pod, new Error('no'));
    expect(await isChosen()).toBe(false);
    expect((await findPod(ctx, pod._id))?.status).toBe('UNREACHABLE');
    const later = { ...ctx, clock: () => Date.now() + 16_000 };
    expect(await choosePod(later, { classes: new Set() }, signal)).not.toBeNull();
    await recordPodAnswer(ctx, pod, 0);
    expect(await isChosen()).toBe(true);
  });

  test('that answers as it did is written again only after a while, or once it had failed', async () => {
    const [server] = servers as [ComfyUi];
    const { _id } = await makePod(server.url);
    const answer = async (queueRemaining: number, ms = 0) => {
      const before = (await findPod(ctx, _id)) as PodDoc;
      await recordPodAnswer({ ...ctx, clock: () => Date.now() + ms }, before, queueRemaining);
      const after = await findPod(ctx, _id);
      return after?.lastSeenAt?.getTime() !== before.lastSeenAt?.getTime();
    };
    expect(await answer(0)).toBe(true);
    expect(await answer(0)).toBe(false);
    expect(await answer(2)).toBe(true);
    expect(await answer(2)).toBe(false);
    await recordPodFailure(ctx, { _id }, new Error('no'));
    expect(await answer(2)).toBe(true);
    expect(await answer(2, 16_000)).toBe(true);
  });
});
