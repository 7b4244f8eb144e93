import '../../harness/place.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../../src/context.ts';
import { UUID } from '../../../src/data/ids.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { Video } from '../../../src/models/media/video.ts';
import { listKeys } from '../../../src/providers/s3.ts';
import { jobTypes } from '../../../src/services/job-types.ts';
import { claim, LEASE } from '../../../src/services/jobs/claim.ts';
import { JobFailure } from '../../../src/services/jobs/job-type.ts';
import { checkObjects } from '../../../src/services/maintenance/objects/check.ts';
import {
  findStream,
  requestStream,
  type VideoDoc,
} from '../../../src/services/media/streams/request.ts';
import { getStreamLink } from '../../../src/services/media/streams/sign-playlists.ts';
import { type Doc, given, type Person } from '../../harness/given.ts';
import { replaceRun } from '../../harness/job-types.ts';
import { keysOf } from '../../harness/objects.ts';
import { place } from '../../harness/place.ts';
import {
  arrivedVideo,
  later,
  type VideoSeen,
  videoNow,
  works,
  worksAll,
} from '../../harness/videos.ts';
import { FFMPEG, type Studio, studio } from '../../samples/audio.ts';
import { ENCODED, film } from '../../samples/videos.ts';

place({ worker: false });

let made: Studio;
let clip: string;
beforeAll(async () => {
  made = await studio();
  const args = [...(ENCODED.h264 ?? []), '-c:a', 'aac'];
  clip = await made.make('clip.mp4', ...film('864x486', 9, '25', 2), ...args);
});
afterAll(() => made[Symbol.asyncDispose]());
// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

type Asked = VideoSeen & { job: string };
const asks = (person: Person, { id }: Doc) => person.post<Asked>(`/v1/videos/${id}/stream`);
const links = (person: Person, { id }: Doc) =>
  person.get<{ url: string; expiresAt: string }>(`/v1/videos/${id}/stream`);
const hlsOf = async (person: Person, video: Doc) =>
  (await keysOf(person, video, 'videos')).filter((k) => k.includes('/hls/'));

async function ready(person: Person): Promise<VideoSeen> {
  const video = await arrivedVideo(person, clip);
  await worksAll();
  const now = await videoNow(person, video);
  expect(now.status).toBe('READY');
  return now;
}

const run = promisify(execFile);

/** How many frames plain ffmpeg decodes of what a player is given. */
async function framesAt(url: string): Promise<number> {
  const open = ['-protocol_whitelist', 'http,tcp,crypto,file', '-i', url];
  const args = ['-v', 'error', ...open, '-map', '0:v:0', '-fps_mode', 'passthrough'];
  const { stdout } = await run(FFMPEG, [...args, '-f', 'framecrc', '-'], { maxBuffer: 2 ** 26 });
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).length;
}

test('a stream that was asked for plays from its link, in any player, to its last frame', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  expect(video).not.toHaveProperty('stream');
  expect((await links(alice, video)).body).toMatchObject({ code: 'INVALID_STATE' });

  const asked = await asks(alice, video);
  expect(asked.status).toBe(202);
  expect(asked.body.stream).toEqual({ status: 'PENDING', job: asked.body.job });
  const [again, other] = await Promise.all([asks(alice, video), asks(alice, video)]);
  expect([again.status, again.body.job, other.body.job]).toEqual([
    202,
    ...[asked.body.job, asked.body.job],
  ]);
  expect((await links(alice, video)).status).toBe(202);
  expect(await worksAll()).toBe(1);
  const done = await videoNow(alice, video);
  expect(done.stream).toMatchObject({
    status: 'READY',
    renditions: [
      { name: '480p', width: 852, bandwidth: expect.any(Number), codecs: /^avc1\./ },
      { name: '360p', width: 640 },
    ].map(({ codecs, ...rest }) => ({
      ...rest,
      ...(codecs && { codecs: expect.stringMatching(codecs) }),
    })),
  });
  const there = await asks(alice, video);
  expect([there.status, there.body.job]).toEqual([200, asked.body.job]);

  const look = { dryRun: true, grace: 0, timeLeft: () => 60_000 };
  const { orphans, damaged } = await checkObjects(systemCtx('test'), look);
  expect([orphans.examples, damaged.examples]).toEqual([[], []]);

  const link = await links(alice, video);
  expect(link.status).toBe(200);
  const master = await fetch(link.body.url);
  expect(master.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
  const text = await master.text();
  const playlists = text.match(/^http\S+$/gm) ?? [];
  expect(playlists).toHaveLength(2);
  expect(text).toMatch(/#EXT-X-MEDIA:TYPE=AUDIO.*URI="http[^"]+audio\.m3u8/);
  const media = await fetch(playlists[0] as string);
  expect(media.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
  const list = await media.text();
  const [, length, from = '0'] = /#EXT-X-BYTERANGE:(\d+)@(\d+)\n/.exec(list) ?? [];
  const file = /^http\S+$/m.exec(list)?.[0] as string;
  const range = `bytes=${from}-${Number(from) + Number(length) - 1}`;
  const part = await fetch(file, { headers: { range } });
  expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4']);
  expect((await part.arrayBuffer()).byteLength).toBe(Number(length));
  expect(await framesAt(link.body.url)).toBe(9 * 25);
});

test('a stream whose job ends while it is asked for is found, and not made again', async () => {
  const alice = await given.user();
  const { id } = await ready(alice);
  await asks(alice, { id } as Doc);
  const read = () => Video.collection.findOne({ _id: new UUID(id) }) as Promise<VideoDoc>;
  const before = await read();
  await worksAll();
  expect(before.stream?.status).toBe('PENDING');
  expect(await findStream(systemCtx('test'), before)).toHaveProperty('url');
  const asked = await requestStream(systemCtx('test'), before);
  expect(asked).toMatchObject({ isThere: true, job: before.stream?.job });
  expect((await read()).stream?.status).toBe('READY');
});

test('links are signed once an hour, hold for hours, and are deleted when they hold no longer', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  await asks(alice, video);
  await worksAll();
  const stored = (await Video.collection.findOne({ _id: new UUID(video.id) })) as never as VideoDoc;
  const hour = 3600_000;
  const start = Math.ceil(Date.now() / hour) * hour - Date.now();
  const signed = async () =>
    (await hlsOf(alice, video)).filter((k) => k.includes('/signed/')).map((k) => k.split('/')[5]);
  const first = await getStreamLink(later(start), stored);
  expect(Date.parse(first.expiresAt) - Date.now() - start).toBeGreaterThan(4 * hour);
  const one = await signed();
  expect(new Set(one).size).toBe(1);
  await getStreamLink(later(start + hour / 2), stored);
  expect(await signed()).toEqual(one);
  await getStreamLink(later(start + 2 * hour), stored);
  expect(new Set(await signed()).size).toBe(2);
  await getStreamLink(later(start + 6 * hour), stored);
  expect(await signed()).not.toContain(one[0]);
  expect(new Set(await signed()).size).toBe(2);
});

test('a stream goes with the derivatives that it was made of, also one that is only being made', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  await asks(alice, video);
  await worksAll();
  expect((await hlsOf(alice, video)).length).toBe(7);
  await alice.post(`/v1/videos/${video.id}/reprocess`);
  // Played on until the new ones are there.
  expect((await links(alice, video)).status).toBe(200);
  expect((await asks(alice, video)).status).toBe(200);
  await worksAll();
  const now = await videoNow(alice, video);
  expect(now).toMatchObject({ status: 'READY' });
  expect(now).not.toHaveProperty('stream');
  expect(await hlsOf(alice, video)).toEqual([]);

  // Asked for, and processed once more before it is there.
  const { body } = await asks(alice, video);
  await alice.post(`/v1/videos/${video.id}/reprocess`);
  expect((await asks(alice, video)).body.job).toBe(body.job);
  await Job.collection.updateMany(
    { type: 'process-video', status: 'QUEUED' },
    { $set: { turn: 0 } },
  );
  await worksAll();
  expect(await videoNow(alice, video)).not.toHaveProperty('stream');
  expect(await hlsOf(alice, video)).toEqual([]);
  const job = await alice.get(`/v1/jobs/${body.job}`);
  expect(job.body).toMatchObject({ status: 'COMPLETED', result: { superseded: true } });
});

test('a stream that fails or is cancelled says so, and is begun anew by asking or by its job', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  const { body } = await asks(alice, video);
  expect((await alice.post(`/v1/jobs/${body.job}/cancel`)).status).toBe(200);
  expect((await videoNow(alice, video)).stream).toMatchObject({
    status: 'FAILED',
    error: { code: 'CANCELLED' },
  });
  expect((await alice.post(`/v1/jobs/${body.job}/retry`)).status).toBe(202);
  const pending = { status: 'PENDING', job: body.job };
  expect((await videoNow(alice, video)).stream).toEqual(pending);
  const run = () => Promise.reject(new JobFailure('CORRUPT_MEDIA', 'It cannot be decoded.'));
  await works(0, replaceRun('stream-video', run));
  const failed = await videoNow(alice, video);
  expect(failed.status).toBe('READY');
  expect(failed.stream).toMatchObject({ status: 'FAILED', error: { code: 'CORRUPT_MEDIA' } });
  const again = await asks(alice, video);
  expect(again.status).toBe(202);
  expect(again.body.job).not.toBe(body.job);
  await worksAll();
  expect((await videoNow(alice, video)).stream).toMatchObject({ status: 'READY' });
});

test('a worker that lost the job spoils nothing, and nothing of it stays', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  await asks(alice, video);
  const lost = await claim(later(), 'lost', jobTypes);
  expect(lost?.job.type).toBe('stream-video');
  await works(LEASE + 1);
  expect((await videoNow(alice, video)).stream).toMatchObject({ status: 'READY' });
  const folders = new Set((await hlsOf(alice, video)).map((k) => k.split('/')[3]));
  expect([...folders]).toEqual([expect.stringMatching(/-2$/)]);
});

test('a video in the trash takes no unfinished stream along, and is asked anew once restored', async () => {
  const alice = await given.user();
  const video = await ready(alice);
  await asks(alice, video);
  await alice.delete(`/v1/videos/${video.id}`);
  await worksAll();
  expect(await hlsOf(alice, video)).toEqual([]);
  expect((await alice.post(`/v1/trash/${video.id}/restore`)).status).toBe(200);
  expect(await videoNow(alice, video)).not.toHaveProperty('stream');
  expect((await asks(alice, video)).status).toBe(202);
  await worksAll();
  expect((await videoNow(alice, video)).stream).toMatchObject({ status: 'READY' });
  const keys: string[] = [];
  for await (const page of listKeys(`media/${alice.id}/`)) keys.push(...page);
  expect(keys.filter((k) => k.endsWith('master.m3u8'))).toHaveLength(1);
});
