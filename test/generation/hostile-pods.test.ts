import '../harness/place.ts';
import { readdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { makePictureBomb } from '../../src/local/comfyui/bomb.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Image } from '../../src/models/media/image.ts';
import { Video } from '../../src/models/media/video.ts';
import { callPod, PodFailure } from '../../src/services/generation/comfyui/call-pod.ts';
import { escapesFolder } from '../../src/services/generation/comfyui/output-kinds.ts';
import { startCanary } from '../harness/canary.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeDriver, PLAIN_PICTURE, runs, usePods } from './support/drive.ts';
import { type HostilePod, type Malice, pour, startHostilePod } from './support/hostile-pod.ts';

place({ worker: false });

const [CANARY, DNS] = [24_817, 24_818];
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MB = 1024 ** 2;
const GB = 1024 ** 3;

let canary: Awaited<ReturnType<typeof startCanary>>;
let pod: HostilePod | undefined;
/** Where this process has connected to. */
const called = new Set<string>();

beforeAll(async () => {
  canary = await startCanary(CANARY, DNS);
});
afterAll(() => canary.stop());

beforeEach(() => {
  called.clear();
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args) {
    const [options] = [args[0]].flat(2) as { host?: string; port?: number }[];
    called.add(`${options?.host ?? 'localhost'}:${options?.port}`);
    return connect.apply(this, args as never);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await pod?.stop();
  // What a test has left is no other's.
  await Job.collection.deleteMany({});
});

const type = (contentType: string, more: object = {}) => ({ 'content-type': contentType, ...more });

const page: RequestListener = (_, response) => {
  response.writeHead(200, type('image/png'));
  response.end('<!doctype html><script>alert(document.cookie)</script>');
};
const send =
  (bytes: Buffer | string, headers: object = type('image/png')): RequestListener =>
  (_, response) => {
    response.writeHead(200, { ...headers });
    response.end(bytes);
  };
const redirect =
  (location: string): RequestListener =>
  (_, response) => {
    response.writeHead(302, { location });
    response.end();
  };
/** So many bytes; their length is said where it is given. */
const endless =
  (bytes: number, length?: number): RequestListener =>
  (_, response) => {
    response.writeHead(
      200,
      type('image/png', length === undefined ? {} : { 'content-length': length }),
    );
    pour(response, bytes, PNG);
  };

const canaryUrl = `http://127.0.0.1:${CANARY}`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${canaryUrl}/x.png" width="9" height="9"/></svg>`;
const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${canaryUrl}/x.ts\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n`;
const named = (filename: string, subfolder = '') => ({ files: [{ filename, subfolder }] });

const cases: [what: string, malice: Malice, code: string][] = [
  ['a page as a picture', { view: page }, 'INVALID_OUTPUT'],
  ['20 GB, and says so', { view: endless(20 * GB, 20 * GB) }, 'INVALID_OUTPUT'],
  ['20 GB, and does not say so', { view: endless(20 * GB) }, 'INVALID_OUTPUT'],
  ['20 GB where it says 1 MB', { view: endless(20 * GB, MB) }, 'INVALID_OUTPUT'],
  ['a picture that is 450 MB when decoded', { view: send(makePictureBomb()) }, 'INVALID_OUTPUT'],
  [
    'zeros that were packed',
    {
      view: send(
        gzipSync(Buffer.alloc(200 * MB)),
        type('image/png', { 'content-encoding': 'gzip' }),
      ),
    },
    'INVALID_OUTPUT',
  ],
  [
    'a redirect to a host’s metadata',
    { view: redirect('http://169.254.169.254/') },
    'OUTPUT_MISSING',
  ],
  ['a redirect to a neighbour', { view: redirect(canaryUrl) }, 'OUTPUT_MISSING'],
  ['a drawing that refers to a neighbour', { view: send(svg) }, 'INVALID_OUTPUT'],
  ['nothing', { view: send('') }, 'INVALID_OUTPUT'],
  ...[named('../../../etc/passwd'), named('picture.png', 'a/../../b')].map(
    (malice): [string, Malice, string] => [
      `a name outside of its folder: ${JSON.stringify(malice.files[0])}`,
      { ...malice, view: send(PNG) },
      'INVALID_OUTPUT',
    ],
  ),
];

test.each(cases)(
  'from a pod that has %s nothing is kept, nothing called, nothing filled',
  async (_, malice, code) => {
    pod = await startHostilePod(malice);
    await usePods(pod.url);
    const alice = await given.user();
    const started = await runs(alice, PLAIN_PICTURE);
    const done = await makeDriver().ends(alice, started);
    expect([done.status, done.error?.code], JSON.stringify(done.error)).toEqual(['FAILED', code]);
    await expectNothing(alice.id, pod);
  },
);

test.each([
  ['a playlist', playlist],
  ['a list of files', `ffconcat version 1.0\nfile '${canaryUrl}/x.mp4'\nfile '/etc/passwd'\n`],
])('from a pod that has %s as a video nothing is kept, nothing called', async (_, content) => {
  pod = await startHostilePod({ ...named('clip.mp4'), view: send(content, type('video/mp4')) });
  await usePods(pod.url);
  const alice = await given.user();
  const workflow = { ...PLAIN_PICTURE, outputs: [{ node: '2', kind: 'VIDEO' }] };
  const done = await makeDriver().ends(alice, await runs(alice, workflow));
  expect([done.status, done.error?.code]).toEqual(['FAILED', 'INVALID_OUTPUT']);
  await expectNothing(alice.id, pod);
});

test.each([
  ['../../../etc/passwd', ''],
  ['/etc/passwd', ''],
  ['..\\..\\boot.png', ''],
  ['C:\\boot.png', ''],
  ['a\0.png', ''],
  ['..', ''],
  ['picture.png', '..'],
  ['picture.png', 'a/../../b'],
  ['picture.png', '/etc'],
  ['picture.png', 'a\\..\\..'],
  ['picture.png', 'C:\\'],
])('a file that is named %j in %j is outside of its folder', (fileName, subfolder) => {
  expect(escapesFolder(fileName, subfolder)).toBe(true);
});

test.each([
  ['picture_00001_.png', ''],
  ['a..b.png', 'of/this..year'],
  ['bild.png', 'a\\b'],
])('a file that is named %j in %j is in its folder', (fileName, subfolder) => {
  expect(escapesFolder(fileName, subfolder)).toBe(false);
});

const foreign = { toString: null, valueOf: null };
test.each<[string, [number, object]]>([
  ['refuses', [400, { error: { type: 'refused' }, node_errors: {} }]],
  ['takes', [200, { node_errors: {} }]],
])('a pod that %s a graph, and gives no text as its reasons, is understood', async (_, answer) => {
  const [status, body] = answer;
  const nodeErrors = {
    1: {
      class_type: foreign,
      dependent_outputs: [foreign, '2'],
      errors: [null, 7, { type: foreign, extra_info: { input_name: foreign } }],
    },
    2: null,
  };
  pod = await startHostilePod({
    submit: (_, id) => [status, { prompt_id: id, ...body, node_errors: nodeErrors }],
  });
  await usePods(pod.url);
  const alice = await given.user();
  const done = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
  expect(done, JSON.stringify(done.error)).toMatchObject({
    ...{ status: 'FAILED', error: { code: 'REFUSED' } },
    nodeErrors: { 1: { classType: '', errors: [{}, {}, { type: '', input: '' }] } },
  });
});

test('of an answer that does not end only so much is read', async () => {
  pod = await startHostilePod({ history: () => 'x'.repeat(200 * MB) });
  const address = { _id: new UUID(), baseUrl: pod.url, isPrivate: true };
  const call = { path: '/history/1', signal: AbortSignal.timeout(60_000) };
  await expect(callPod(address, call)).rejects.toBeInstanceOf(PodFailure);
  await pod.stop();
  expect(pod.sent()).toBeLessThan(80 * MB);
});

async function expectNothing(person: string, { url, sent }: HostilePod): Promise<void> {
  const user = new UUID(person);
  for (const { collection } of [Image, Video]) {
    expect(await collection.countDocuments({ user, status: 'READY' })).toBe(0);
  }
  // Nobody but those of this place and the pod, on this machine.
  const hosts = [...called].map((one) => one.replace(/:\d+$/, ''));
  expect(hosts.filter((host) => !['127.0.0.1', 'localhost'].includes(host))).toEqual([]);
  expect([...called]).toContain(url.replace('http://', ''));
  expect(called).not.toContain(`127.0.0.1:${CANARY}`);
  expect(canary.heard()).toEqual([]);
  // What was not taken fills no disk; what was taken is gone.
  await pod?.stop();
  expect(sent()).toBeLessThan(80 * MB);
  const left = readdirSync(tmpdir()).filter((name) =>
    name.startsWith(`mixdown-work-${process.pid}-`),
  );
  expect(left).toEqual([]);
}
