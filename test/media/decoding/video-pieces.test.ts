import { vi } from 'vitest';

vi.hoisted(() => {
  // A clip of 20 seconds is three pieces then.
  process.env.VIDEO_SECONDS_PER_JOB = '2';
});

import '../../harness/place.ts';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { UUID } from '../../../src/data/ids.ts';
import { Job, type JobDoc } from '../../../src/models/jobs/job.ts';
import { Video } from '../../../src/models/media/video.ts';
import { jobTypes } from '../../../src/services/job-types.ts';
import { claim, LEASE } from '../../../src/services/jobs/claim.ts';
import { JobFailure, type JobType } from '../../../src/services/jobs/job-type.ts';
import { reconcile } from '../../../src/services/maintenance/reconcile.ts';
import { chance } from '../../harness/chance.ts';
import { given, type Person } from '../../harness/given.ts';
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
import { type Studio, studio } from '../../samples/audio.ts';
import { makeTurned } from '../../samples/turned.ts';
import {
  ENCODED,
  film,
  framesOf,
  processedVideo,
  seenByFfmpeg,
  silent,
} from '../../samples/videos.ts';

place({ worker: false });

let made: Studio;
let clip: string;
beforeAll(async () => {
  made = await studio();
  const args = [...(ENCODED.h264 ?? []), '-g', '37', '-c:a', 'aac'];
  clip = await made.make('clip.mp4', ...film('480x270', 20, '30000/1001', 2), ...args);
});
afterAll(() => made[Symbol.asyncDispose]());
// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

const PIECE = 'encode-segment';
const jobs = async (filter: object = {}) =>
  (await Job.collection.find(filter).sort({ _id: 1 }).toArray()) as unknown as JobDoc[];
const whole = async () => (await jobs({ type: 'process-video' }))[0] as JobDoc;
const keys = (person: Person, video: VideoSeen) => keysOf(person, video, 'videos');
const soon = LEASE + 40_000;
/** A job that loses more workers than that is stopped. */
const MOST_DEATHS = 12;

/** A video whose job has left its preview to others. */
async function left(person: Person): Promise<VideoSeen> {
  const video = await arrivedVideo(person, clip);
  expect(await works()).toBe(true);
  return videoNow(person, video);
}

/** What it has once it is READY, and nothing else. */
async function isWhole(person: Person, video: VideoSeen): Promise<void> {
  await worksAll(1, soon);
  const found = (await keys(person, video)).map((k) => k.split('/').at(-1));
  expect(found).toEqual(
    ['original', 'poster', 'preview', 'sprite', 'spriteMap', 'thumbnail', 'waveform'].toSorted(
      (a, b) => found.indexOf(a) - found.indexOf(b),
    ),
  );
}

async function previewOf(person: Person, video: VideoSeen, name: string): Promise<string> {
  const link = await person.get<{ url: string }>(`/v1/videos/${video.id}/derivatives/preview`);
  const path = made.path(name);
  await writeFile(path, Buffer.from(await (await fetch(link.body.url)).arrayBuffer()));
  return path;
}

test('a long video is encoded in pieces by several jobs, and is what it would be at once', async () => {
  const alice = await given.user();
  const video = await left(alice);
  // No worker waits, and what there is shows.
  const pieces = await jobs({ type: PIECE });
  expect(pieces).toHaveLength(4);
  expect((await whole()).status).toBe('QUEUED');
  const shown = Object.fromEntries((video.derivatives ?? []).map((d) => [d.name, d.status]));
  expect(shown).toEqual({
    ...{ poster: 'READY', thumbnail: 'READY', sprite: 'READY', spriteMap: 'READY' },
    ...{ preview: 'PENDING', waveform: 'PENDING' },
  });
  expect(video).toMatchObject({ status: 'PROCESSING', video: { width: 480 } });
  const progress = [video.progress];
  expect(await Promise.all([works(), works()])).toEqual([true, true]);
  progress.push((await videoNow(alice, video)).progress);
  expect((await Promise.all([works(), works(), works()])).filter(Boolean)).toHaveLength(2);
  progress.push((await videoNow(alice, video)).progress);
  expect((await videoNow(alice, video)).status).toBe('PROCESSING');
  expect(await works()).toBe(true);
  const done = await videoNow(alice, video);
  expect(done).toMatchObject({ status: 'READY', progress: 100 });
  progress.push(done.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect((await whole()).status).toBe('COMPLETED');
  await isWhole(alice, done);

  const atOnce = await processedVideo(clip);
  const path = await previewOf(alice, done, 'joined.mp4');
  const other = await made.write('whole.mp4', atOnce.files.preview ?? '');
  const [frames, expected] = await Promise.all([framesOf(path), framesOf(other)]);
  expect(Math.abs(frames.length - expected.length)).toBeLessThanOrEqual(1);
  const [seen, same] = await Promise.all([seenByFfmpeg(path), seenByFfmpeg(other)]);
  expect(Math.abs(seen.seconds - same.seconds)).toBeLessThan(0.05);
  expect(seen).toMatchObject({ width: same.width, height: same.height, audio: same.audio });
  const { facts } = atOnce;
  expect(done).toMatchObject({ ...facts, loudness: facts.loudness ?? {} });
  expect(done.derivatives?.map((d) => d.name).toSorted()).toEqual(
    atOnce.derivatives.map((d) => d.name).toSorted(),
  );
});

test('a song with a picture is encoded in pieces, too, and lasts as long as it sounds', async () => {
  const alice = await given.user();
  const inputs = [...silent('480x270', 0.04), '-f', 'lavfi', '-i', 'sine=d=24:r=48000'];
  const song = await made.make('song.mp4', ...inputs, ...(ENCODED.h264 ?? []), '-c:a', 'aac');
  const video = await arrivedVideo(alice, song);
  await worksAll();
  expect((await jobs({ type: PIECE })).length).toBeGreaterThan(2);
  const done = await videoNow(alice, video);
  expect(done).toMatchObject({ status: 'READY', video: { durationSeconds: 24 } });
  expect(done).not.toHaveProperty('warnings');
  const preview = await previewOf(alice, done, 'song-preview.mp4');
  expect((await seenByFfmpeg(preview)).seconds).toBeCloseTo(24, 1);
  expect((await framesOf(preview)).at(-1)).toBeGreaterThan(23.9);
  // And so does its stream.
  await alice.post(`/v1/videos/${video.id}/stream`);
  await worksAll();
  const { body } = await alice.get<{ url: string }>(`/v1/videos/${video.id}/stream`);
  const master = await (await fetch(body.url)).text();
  for (const url of master.match(/http[^"\s]+\.m3u8[^"\s]*/g) ?? []) {
    const lengths = [...(await (await fetch(url)).text()).matchAll(/#EXTINF:([\d.]+)/g)];
    const seconds = lengths.reduce((sum, [, length]) => sum + Number(length), 0);
    expect(seconds).toBeCloseTo(24, 0);
  }
});

test.for([
  [6, 'within a piece'],
  [8, 'at a cut'],
] as const)(
  'a picture that turns after %i s, %s, is told as one that is encoded at once',
  async ([seconds]) => {
    const alice = await given.user();
    const video = await arrivedVideo(alice, await makeTurned(made, seconds, 12 - seconds));
    await worksAll(2);
    expect(await jobs({ type: PIECE })).toHaveLength(3);
    const { status, warnings } = await videoNow(alice, video);
    expect({ status, warnings: warnings?.map(({ code }) => code) }).toEqual({
      status: 'READY',
      warnings: ['PICTURE_SIZE_CHANGES'],
    });
  },
);

test('a piece whose worker is lost is encoded once more, and nothing of it stays', async () => {
  const alice = await given.user();
  const video = await left(alice);
  // One dies; another goes on though it has lost its job, and ends last.
  expect((await claim(later(), 'dies', jobTypes))?.job.type).toBe(PIECE);
  let stale: Promise<unknown> | undefined;
  const slow: JobType['run'] = async (work) => {
    await worksAll(2, LEASE + 1000);
    const run = jobTypes.get(PIECE)?.run(work) ?? Promise.resolve({});
    stale = run;
    return run;
  };
  await works(0, replaceRun(PIECE, slow));
  await expect(stale).rejects.toThrow(/another worker|aborted/);
  expect(await videoNow(alice, video)).toMatchObject({ status: 'READY' });
  expect((await jobs({ type: PIECE })).map((j) => j.status)).toEqual(Array(4).fill('COMPLETED'));
  const preview = await previewOf(alice, video, 'lost.mp4');
  expect((await framesOf(preview)).length).toBe((await framesOf(clip)).length);
});

test('workers that die at random moments delay a video, and leave nothing', async () => {
  const alice = await given.user();
  const { next, seed } = chance();
  const video = await arrivedVideo(alice, clip);
  let time = 0;
  let deaths = 0;
  /** Runs until the worker dies: it writes nothing more, and its lease runs out. */
  const dying = async <W extends { signal: AbortSignal; job: JobDoc }, R>(
    work: W,
    run: (work: W) => Promise<R>,
  ): Promise<R> => {
    const death = new AbortController();
    const wait = deaths < MOST_DEATHS ? next() * 2500 : 120_000;
    const timer = setTimeout(() => death.abort(), wait);
    try {
      return await run({ ...work, signal: AbortSignal.any([work.signal, death.signal]) });
    } catch (error) {
      if (death.signal.aborted) {
        deaths += 1;
        const dead = { $inc: { 'lease.token': 1 }, $set: { 'lease.until': new Date(0) } };
        await Job.collection.updateOne({ _id: work.job._id, status: 'RUNNING' }, dead);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  const mortal = (type: JobType): JobType => {
    const { afterParts } = type;
    return {
      ...type,
      run: (work) => dying(work, (mine) => type.run(mine)),
      ...(afterParts && {
        afterParts: (work, results, state) =>
          dying(work, (mine) => afterParts(mine, results, state)),
      }),
    };
  };
  const types = new Map([...jobTypes].map(([name, type]) => [name, mortal(type)]));
  for (let n = 0; n < 60 && (await videoNow(alice, video)).status === 'PROCESSING'; n++) {
    await Promise.all([works(time, types), works(time, types)]);
    time += LEASE + 1000;
  }
  const done = await videoNow(alice, video);
  expect(done.status, `seed ${seed}, ${deaths} deaths`).toBe('READY');
  const stored = await Video.collection.findOne({ _id: new UUID(video.id) });
  const actions: string[] = stored?.outbox.map(({ action }: { action: string }) => action);
  expect(actions.filter((action) => action === 'ready')).toHaveLength(1);
  await worksAll(1, time + soon);
  await isWhole(alice, done);
});

test('a crash while pieces are joined, and rings that are lost, are healed', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await Promise.all([works(), works(), works(), works()]);
  const joiner = await claim(later(), 'dies', jobTypes);
  expect(joiner?.job).toMatchObject({ type: 'process-video' });
  expect((await reconcile(later(LEASE + 1000))).rung).toBeGreaterThan(0);
  await worksAll(1, LEASE + 1000);
  const done = await videoNow(alice, video);
  expect(done.status).toBe('READY');
  await isWhole(alice, done);
});

test('a piece that fails fails the video, and takes the others and what was made along', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await works();
  const run = () => Promise.reject(new JobFailure('CORRUPT_MEDIA', 'It cannot be decoded.'));
  await works(0, replaceRun(PIECE, run));
  const failed = await videoNow(alice, video);
  expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'CORRUPT_MEDIA' } });
  expect(failed).not.toHaveProperty('derivatives');
  const statuses = (await jobs({ type: PIECE })).map((j) => j.status);
  expect(statuses.toSorted()).toEqual(['CANCELLED', 'CANCELLED', 'COMPLETED', 'FAILED']);
  expect((await whole()).error).toMatchObject({ code: 'CORRUPT_MEDIA', retryable: false });
  await worksAll(1, soon);
  expect(await keys(alice, video)).toEqual(['original']);

  // Of its parts none is started anew: the whole is.
  const part = (await jobs({ type: PIECE, status: 'FAILED' }))[0];
  expect((await alice.post(`/v1/jobs/${part?._id}/retry`)).status).toBe(409);
  expect((await alice.post(`/v1/jobs/${(await whole())._id}/retry`)).status).toBe(202);
  await worksAll(2);
  const done = await videoNow(alice, video);
  expect(done.status).toBe('READY');
  await isWhole(alice, done);
});

test('cancelling the job of a video cancels its pieces, and nothing is left', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await works();
  expect((await alice.post(`/v1/jobs/${(await whole())._id}/cancel`)).status).toBe(200);
  expect(await videoNow(alice, video)).toMatchObject({
    status: 'FAILED',
    error: { code: 'CANCELLED' },
  });
  expect(await works()).toBe(false);
  await worksAll(1, soon);
  expect(await keys(alice, video)).toEqual(['original']);
  expect(await jobs({ status: { $in: ['QUEUED', 'RUNNING'] } })).toEqual([]);
});

test('what was READY stays so when it is processed once more, in pieces, and that is cancelled', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await worksAll(2);
  const before = await videoNow(alice, video);
  const had = await keys(alice, video);
  const { body } = await alice.post<{ job: string }>(`/v1/videos/${video.id}/reprocess`);
  await works();
  await works();
  const { derivatives, status } = before;
  expect(await videoNow(alice, video)).toMatchObject({ status: 'PROCESSING', derivatives });
  expect((await alice.post(`/v1/jobs/${body.job}/cancel`)).status).toBe(200);
  expect(await videoNow(alice, video)).toMatchObject({ status, derivatives });
  await worksAll(1, soon);
  expect(await keys(alice, video)).toEqual(had);
});

test('a video that goes while it is in pieces leaves nothing behind', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await works();
  await alice.delete(`/v1/videos/${video.id}`);
  await alice.delete(`/v1/trash/${video.id}`);
  await worksAll(2, soon);
  await worksAll(2, 2 * soon);
  expect(await keys(alice, video)).toEqual([]);
  expect(await jobs({ status: { $in: ['QUEUED', 'RUNNING', 'FAILED'] } })).toEqual([]);
});

test('a stream is made in pieces, too', async () => {
  const alice = await given.user();
  const video = await left(alice);
  await worksAll(2);
  const { body } = await alice.post<{ job: string }>(`/v1/videos/${video.id}/stream`);
  await works();
  expect((await jobs({ parent: new UUID(body.job) })).length).toBeGreaterThanOrEqual(4);
  await worksAll(2);
  const done = await videoNow(alice, video);
  expect(done.stream).toMatchObject({ status: 'READY', renditions: [{ name: '270p' }] });
  const found = (await keys(alice, video)).filter((k) => k.includes('/hls/') || /pieces/.test(k));
  expect(found).toHaveLength(5);
  const link = await alice.get<{ url: string }>(`/v1/videos/${video.id}/stream`);
  expect((await framesOf(link.body.url)).length).toBe((await framesOf(clip)).length);

  // One that fails says so, and its pieces go.
  const at = await videoNow(alice, video);
  await alice.post(`/v1/videos/${video.id}/reprocess`);
  await worksAll(2);
  expect(await videoNow(alice, at)).not.toHaveProperty('stream');
  await alice.post(`/v1/videos/${video.id}/stream`);
  await works();
  const before = (await keys(alice, video)).filter((k) => !/hls|pieces/.test(k));
  await works();
  const run = () => Promise.reject(new JobFailure('CORRUPT_MEDIA', 'It cannot be decoded.'));
  await works(0, replaceRun(PIECE, run));
  expect((await videoNow(alice, video)).stream).toMatchObject({
    status: 'FAILED',
    error: { code: 'CORRUPT_MEDIA' },
  });
  await worksAll(1, soon);
  expect(await keys(alice, video)).toEqual(before);
});
