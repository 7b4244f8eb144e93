import '../harness/place.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { startComfyUi } from '../../src/local/comfyui/start.ts';
import { ComfyUINodeCatalog } from '../../src/models/generation/comfyui/node-catalog.ts';
import { ComfyUIPod } from '../../src/models/generation/comfyui/pod.ts';
import { PodFailure } from '../../src/services/generation/comfyui/call-pod.ts';
import { checkPods } from '../../src/services/generation/comfyui/check-pods.ts';
import {
  readHistory,
  readObjectInfo,
  readQueue,
  readStats,
  readUploadLimit,
  submitPrompt,
} from '../../src/services/generation/comfyui/protocol.ts';
import { describeMessages, readTimes } from '../../src/services/generation/comfyui/run-record.ts';
import { readEvent } from '../../src/services/generation/comfyui/socket-events.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeDriver, PLAIN_PICTURE, runs, usePods } from './support/drive.ts';

place({ worker: false });

const signal = AbortSignal.timeout(120_000);
const good = await startComfyUi();
afterAll(() => good.stop());

/** What JSON can hold and nobody expects: `String` and `Number` throw for the first. */
const STRANGE = [{ toString: null, valueOf: null }, null, [], [[]], -1, 1e300, '', 'constructor'];

/** Each value that comes of replacing one part of a value by something strange. */
function* distort(value: unknown, all: readonly unknown[] = STRANGE): Generator<unknown> {
  yield* all;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    for (const strange of distort(part, all)) {
      yield Array.isArray(value)
        ? value.map((kept, n) => (n === Number(key) ? strange : kept))
        : { ...value, [key]: strange };
    }
  }
}

/** A pod that answers each path with a body. */
const answers = new Map<string, string>();
const pod = createServer((request, response) => {
  request.resume();
  response.end(answers.get(request.url?.split('?')[0] ?? '') ?? '{}');
});
await new Promise<void>((ready) => pod.listen(0, '127.0.0.1', ready));
const baseUrl = `http://127.0.0.1:${(pod.address() as AddressInfo).port}`;
const address = { _id: new UUID(), baseUrl, isPrivate: true };
afterAll(() => pod.close());
afterEach(() => answers.clear());

const ID = 'a5e0b3a4-0000-4000-8000-000000000001';
const HISTORY = {
  [ID]: {
    outputs: { 2: { images: [{ filename: 'a.png', subfolder: 'b', type: 'output' }] } },
    status: {
      status_str: 'error',
      messages: [
        ['execution_start', { prompt_id: ID, timestamp: Date.now() }],
        ['execution_error', { node_id: '1', exception_type: 'E', timestamp: Date.now() }],
      ],
    },
  },
};
const presence = { from: new Date(Date.now() - 60_000), to: new Date() };

describe('whatever a pod answers', () => {
  test.each<[path: string, body: unknown, read: () => Promise<unknown>]>([
    [
      '/queue',
      {
        queue_running: [[1, ID, {}]],
        queue_pending: [
          [2, 'x', {}],
          [3, 'y', {}],
        ],
      },
      () => readQueue(address, signal),
    ],
    [
      '/system_stats',
      {
        system: { comfyui_version: '1', ram_free: 1 },
        devices: [{ name: 'x', vram_total: 1, vram_free: 1 }],
      },
      () => readStats(address, signal),
    ],
    ['/features', { max_upload_size: 1 }, () => readUploadLimit(address, signal)],
    [
      '/prompt',
      { prompt_id: ID, number: 1, node_errors: {} },
      () => submitPrompt(address, { promptId: ID, graph: {}, clientId: ID }, signal),
    ],
    [
      `/history/${ID}`,
      HISTORY,
      async () => {
        const ended = await readHistory(address, ID, signal);
        if (!ended) return;
        const { startedAt, seconds = 0 } = readTimes(ended, presence);
        expect(JSON.stringify([startedAt, describeMessages(ended)])).not.toMatch(/"[+-]\d{6}-/);
        expect(seconds).toBeLessThanOrEqual(120);
      },
    ],
  ])('at %s, it is read, or is its failure', async (path, body, read) => {
    for (const strange of distort(body)) {
      answers.set(path, JSON.stringify(strange));
      const failure = await read().then(
        () => null,
        (error: unknown) => error,
      );
      if (failure) expect(failure, JSON.stringify(strange)).toBeInstanceOf(PodFailure);
    }
  });

  test('what is nested too deeply, or has too many values, is not parsed', async () => {
    for (const text of [
      '['.repeat(200_000),
      `[${'[],'.repeat(4_000_000)}[]]`,
      `[${'1,'.repeat(4_000_000)}1]`,
    ]) {
      answers.set('/object_info', text);
      await expect(readObjectInfo(address, signal)).rejects.toThrow(PodFailure);
    }
  });

  test('its websocket tells what it tells, or nothing', () => {
    const data = { prompt_id: ID, node: '1', nodes: { 1: { state: 'running', value: 1, max: 2 } } };
    for (const type of [
      'executing',
      'executed',
      'execution_cached',
      'progress',
      'progress_state',
    ]) {
      for (const nodes of [data.nodes, ['1', '2']]) {
        for (const strange of distort({ type, data: { ...data, nodes, value: 1, max: 2 } })) {
          const event = readEvent(Buffer.from(JSON.stringify(strange)), false, ID);
          if (event?.is === 'PROGRESS') expect(event.share ?? 0).toBeLessThanOrEqual(1);
        }
      }
    }
    const prompt = { type: 'executing', data: { prompt_id: ID, node: 'a song about CANARY' } };
    expect(readEvent(Buffer.from(JSON.stringify(prompt)), false, ID)).toBeNull();
  });

  test('it holds up neither the runs that other pods can do, nor their checks', async () => {
    const alice = await given.user();
    const declared = {
      EmptyImage: { input: { required: { width: ['INT', { min: 1 }] } }, output: ['IMAGE'] },
    };
    const bodies = [
      ...[...distort(declared, [STRANGE[0], [[]], 'constructor'])].map((body) => ({
        '/object_info': body,
      })),
      { '/system_stats': { devices: [{ name: STRANGE[0] }] } },
    ];
    const driver = makeDriver();
    const ids = await usePods(baseUrl, good.url);
    for (const body of bodies) {
      const queue = { queue_running: [], queue_pending: [] };
      for (const [path, answer] of Object.entries({ '/queue': queue, ...body }))
        answers.set(path, JSON.stringify(answer));
      await ComfyUINodeCatalog.collection.deleteMany({});
      await ComfyUIPod.collection.updateMany({}, { $set: { status: 'STARTING', failures: 0 } });
      await checkPods(driver.ctx, signal);
      const checked = await ComfyUIPod.collection.findOne({ _id: new UUID(ids[1]) });
      expect(checked?.status, JSON.stringify(body)).toBe('READY');
      const made = await alice.post('/v1/comfyui/workflows', PLAIN_PICTURE);
      expect(made.status, JSON.stringify(body)).toBe(201);
    }
    const begun = await runs(alice, PLAIN_PICTURE);
    expect(await driver.ends(alice, begun)).toMatchObject({ status: 'COMPLETED' });
  });
});

test('a run that makes more files than may become media fails and says how many', async () => {
  await usePods(good.url);
  const alice = await given.user();
  const { graph } = PLAIN_PICTURE;
  const many = structuredClone(graph) as Record<string, { class_type: string; inputs: object }>;
  for (const node of Object.values(many)) {
    if (node.class_type === 'EmptyImage') Object.assign(node.inputs, { batch_size: 101 });
  }
  const begun = await runs(alice, { ...PLAIN_PICTURE, graph: many });
  expect(await makeDriver().ends(alice, begun)).toMatchObject({
    status: 'FAILED',
    error: { code: 'TOO_MANY_OUTPUTS', message: expect.stringContaining('101 files') },
  });
});
