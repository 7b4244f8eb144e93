import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler as mediaUploaded } from '../../functions/media-uploaded.ts';
import { systemCtx } from '../../src/context.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { type Doc, given, type Person, type Track } from '../harness/given.ts';
import { invocation, s3Event, s3Record } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { melody, wav } from '../samples/audio.ts';

place({ worker: false });

const SONG = wav(melody([60, 64, 67, 72], 1));
const WAV = { contentType: 'audio/wav', fileName: 'song.wav' };
const works = (queue: 'MEDIA' | 'UPKEEP') =>
  workOnce(systemCtx('test'), jobTypes, () => 900_000, queue);
const read = async <T extends Doc>(person: Person, path: string) =>
  (await person.get<T>(path)).body;

/** Works in the upkeep queue until it has nothing to do for now. */
async function tends(person: Person, job: string, is: (body: Doc) => boolean): Promise<Doc> {
  return until('the job is so', async () => {
    await works('UPKEEP');
    const body = await read(person, `/v1/jobs/${job}`);
    return is(body) && body;
  });
}

/** Songs that are READY, and a job that processes them anew, which has begun. */
async function begun(person: Person, count: number) {
  const project = await person.project();
  const tracks: Track[] = [];
  for (let n = 0; n < count; n++) {
    const track = await person.uploads(SONG, { ...WAV, project: project.id });
    await mediaUploaded(s3Event(s3Record(track.filePath as string)), invocation());
    tracks.push(track);
  }
  while ((await works('MEDIA')) !== 'IDLE');
  const input = { kind: 'TRACK', media: tracks.map(({ id }) => id) };
  const { body: job } = await person.post<Doc>('/v1/jobs', { type: 'reprocess', input });
  await works('UPKEEP');
  return { project: project.id, job: job.id, tracks };
}

const statuses = (person: Person, tracks: Track[]) =>
  Promise.all(tracks.map(async ({ id }) => (await read(person, `/v1/tracks/${id}`)).status));

test('a job that reprocesses media is as far as they are, and ends when they have', async () => {
  const alice = await given.user();
  const { job, tracks } = await begun(alice, 2);
  expect(await read(alice, `/v1/jobs/${job}`)).toMatchObject({ status: 'QUEUED', progress: 0 });
  expect(await statuses(alice, tracks)).toEqual(['PROCESSING', 'PROCESSING']);
  await works('MEDIA');
  const half = await tends(alice, job, ({ progress }) => progress === 50);
  expect(half.status).toBe('QUEUED');
  await works('MEDIA');
  const done = await tends(alice, job, ({ status }) => status === 'COMPLETED');
  expect(done.result).toEqual({ started: 2, skipped: 0, failed: 0 });
  expect(await statuses(alice, tracks)).toEqual(['READY', 'READY']);
});

test('whoever cancels it cancels their jobs, and whoever retries it starts them again', async () => {
  const alice = await given.user();
  const { job, tracks } = await begun(alice, 3);
  await works('MEDIA');
  expect((await alice.post(`/v1/jobs/${job}/cancel`)).status).toBe(200);
  await until('their jobs are cancelled', async () => {
    await works('UPKEEP');
    const { body } = await alice.get<{ data: Doc[] }>('/v1/jobs?status=QUEUED');
    return body.data.length === 0;
  });
  expect(await works('MEDIA')).toBe('IDLE');
  // They were READY before, and are so still.
  expect(await statuses(alice, tracks)).toEqual(Array(3).fill('READY'));
  expect((await alice.post(`/v1/jobs/${job}/retry`)).status).toBe(202);
  await until('the two are processed again', async () => {
    await works('UPKEEP');
    return (await works('MEDIA')) !== 'IDLE';
  });
  await works('MEDIA');
  const done = await tends(alice, job, ({ status }) => status === 'COMPLETED');
  expect(done.result).toEqual({ started: 3, skipped: 0, failed: 0 });
});

test('an export may be asked for before what it is made of has been processed', async () => {
  const alice = await given.user();
  const { project, job, tracks } = await begun(alice, 2);
  const [first, second] = tracks as [Track, Track];
  const asks = (after: string[], settings: object) =>
    alice.post<Doc & { errors: Doc[] }>('/v1/jobs', {
      ...{ type: 'export', project, input: { format: 'WAV', settings }, after },
    });
  expect((await asks([], {})).status).toBe(422);
  const all = await asks([job], {});
  const one = await asks([job], { clips: [{ track: second.id, to: 1 }] });
  expect([all.status, one.status]).toEqual([202, 202]);
  // A track that arrives: nobody knows how long it is.
  const newer = await alice.uploads(SONG, { ...WAV, project });
  await mediaUploaded(s3Event(s3Record(newer.filePath as string)), invocation());
  const { body } = await alice.get<{ data: Doc[] }>('/v1/jobs?type=process-track&limit=1');
  const clips = [{ track: first.id }, { track: newer.id, from: 0.5 }];
  expect((await asks([job], { clips })).body.errors).toMatchObject([
    { path: 'input.settings.clips.1.track' },
  ]);
  const wrong = await asks([job, body.data[0]?.id as string], { clips, bitDepth: 1 });
  expect(wrong.body.errors).toMatchObject([{ path: 'input.settings.bitDepth' }]);
  const both = await asks([job, body.data[0]?.id as string], { clips });
  expect(both.status).toBe(202);
  while ((await works('MEDIA')) !== 'IDLE');
  await tends(alice, job, ({ status }) => status === 'COMPLETED');
  for (const asked of [all, one, both])
    expect(await read(alice, `/v1/jobs/${asked.body.id}`)).not.toMatchObject({ waitsFor: 'JOBS' });
  while ((await workOnce(systemCtx('test'), jobTypes, () => 900_000, 'RENDER')) !== 'IDLE');
  for (const asked of [all, one, both])
    expect((await read(alice, `/v1/jobs/${asked.body.id}`)).status).toBe('COMPLETED');
});
