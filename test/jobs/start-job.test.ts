import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { projectWithTrack } from '../exports/given.ts';
import { type Doc, given } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const NOBODY = '00000000-0000-7000-8000-000000000000';
const reprocess = (...media: string[]) => ({ type: 'reprocess', input: { kind: 'TRACK', media } });

test('many media are processed anew by one job, and those of others are not', async () => {
  const [alice, bob] = [await given.user(), await given.user()];
  const [mine, theirs] = [await alice.track(), await bob.track()];
  const started = await alice.post<Doc>('/v1/jobs', reprocess(mine.id, theirs.id));
  expect(started).toMatchObject({ status: 202, body: { status: 'QUEUED', queue: 'UPKEEP' } });
  await runJobs(sqsEvent(JSON.stringify({ queue: 'UPKEEP' })), invocation());
  const { body } = await alice.get(`/v1/jobs/${started.body.id}`);
  // Neither has bytes yet.
  expect(body).toMatchObject({ status: 'COMPLETED', result: { started: 0, skipped: 2 } });
});

test('a client says when a job may run, by when, after which, and under which key', async () => {
  const alice = await given.user();
  const runAfter = new Date(Date.now() + 3_600_000).toISOString();
  const deadline = new Date(Date.now() + 7_200_000).toISOString();
  const body = { ...reprocess(NOBODY), runAfter, deadline, uniqueKey: 'nightly', priority: 7 };
  const first = await alice.post<Doc>('/v1/jobs', body);
  expect(first.body).toMatchObject({ waitsFor: 'TIME', deadline, priority: 7 });
  expect((await alice.post<Doc>('/v1/jobs', body)).body.id).toBe(first.body.id);
  const newer = await alice.post<Doc>('/v1/jobs', { ...body, onDuplicate: 'SUPERSEDE' });
  expect(newer.body.id).not.toBe(first.body.id);
  expect((await alice.get(`/v1/jobs/${first.body.id}`)).body.status).toBe('CANCELLED');
  const next = await alice.post<Doc>('/v1/jobs', { ...reprocess(NOBODY), after: [newer.body.id] });
  expect(next.body).toMatchObject({ waitsFor: 'JOBS', after: [newer.body.id] });
  const { body: graph } = await alice.get(`/v1/jobs/${next.body.id}/graph`);
  expect(graph).toMatchObject({ status: 'QUEUED', jobs: [{ id: newer.body.id }, {}] });
  const { body: place } = await alice.get(`/v1/jobs/${next.body.id}/queue`);
  expect(place).toMatchObject({ waitsFor: 'JOBS', position: null, queue: 'UPKEEP' });
});

test('an export may be started as a job: after others, with its document, its faults named by the input', async () => {
  const [alice, bob] = [await given.user(), await given.user()];
  const project = await projectWithTrack(alice);
  const runAfter = new Date(Date.now() + 3_600_000).toISOString();
  const first = await alice.post<Doc>('/v1/jobs', { ...reprocess(NOBODY), runAfter });
  const mp3 = { type: 'export', input: { project, format: 'MP3' } };
  const started = await alice.post<Doc>('/v1/jobs', {
    ...{ ...mp3, priority: 7, after: [first.body.id] },
  });
  expect(started).toMatchObject({
    status: 202,
    body: { type: 'export', queue: 'RENDER', waitsFor: 'JOBS', priority: 7, project },
  });
  const { body } = await alice.get<{ data: Doc[] }>(`/v1/exports?project=${project}`);
  expect(body.data).toMatchObject([{ job: started.body.id, format: 'MP3', status: 'QUEUED' }]);
  const estimate = await alice.post('/v1/jobs/estimate', mp3);
  expect(estimate).toMatchObject({ status: 200, body: { credits: expect.any(Number) } });

  const faults = async (person: typeof alice, more: object) => {
    const { status, body } = await person.post('/v1/jobs', { ...mp3, ...more });
    expect(status).toBe(422);
    return (body.errors as { path: string }[]).map(({ path }) => path);
  };
  const settings = { fps: 1000, aspectRatio: '1:100' };
  expect(await faults(alice, { project, input: { format: 'MP4', settings } })).toEqual([
    ...['input.settings.aspectRatio', 'input.settings.fps'],
  ]);
  expect(await faults(alice, { input: { format: 'TAPE' } })).toEqual([
    ...['input.project', 'input.format'],
  ]);
  expect(await faults(alice, { after: [NOBODY] })).toEqual(['after.0']);
  expect(await faults(alice, { uniqueKey: 'x' })).toEqual(['uniqueKey']);
  expect(await faults(bob, {})).toEqual(['input.project']);
});

test('what cannot be is refused, every fault at once', async () => {
  const [alice, bob] = [await given.user(), await given.user()];
  const theirs = await bob.post<Doc>('/v1/jobs', reprocess(NOBODY));
  const past = new Date(0).toISOString();
  const far = new Date(Date.now() + 100 * 86_400_000).toISOString();
  const faults = async (more: object) => {
    const { status, body } = await alice.post('/v1/jobs', { ...reprocess(NOBODY), ...more });
    expect(status).toBe(422);
    return (body.errors as { path: string }[]).map(({ path }) => path);
  };
  expect(await faults({ runAfter: far, deadline: past })).toEqual(['runAfter', 'deadline']);
  expect(await faults({ after: [NOBODY, theirs.body.id] })).toEqual(['after.0', 'after.1']);
  expect(await faults({ input: { kind: 'SONG', media: ['x'] } })).toEqual([
    'input.kind',
    'input.media.0',
  ]);
  expect((await alice.get(`/v1/jobs/${theirs.body.id}/queue`)).status).toBe(404);
  const wrong = { project: NOBODY, deadline: past, after: [NOBODY], priority: 99, uniqueKey: '' };
  const all = ['after.0', 'deadline', 'priority', 'project', 'uniqueKey'];
  const input = { kind: 'SONG', media: ['x'] };
  expect((await faults({ ...wrong, input })).toSorted()).toEqual([
    ...all.slice(0, 2),
    ...['input.kind', 'input.media.0'],
    ...all.slice(2),
  ]);
  expect((await faults({ ...wrong, type: 'sweep', uniqueKey: 'k' })).toSorted()).toEqual([
    ...all.slice(0, 4),
    'type',
  ]);
  const settings = { fps: 1, clips: [{ track: NOBODY }] };
  const asked = { type: 'export', input: { format: 'MP4', settings }, uniqueKey: 'k' };
  expect((await faults({ ...wrong, ...asked })).toSorted()).toEqual([
    ...all.slice(0, 2),
    ...['input.project', 'input.settings.clips.0.track', 'input.settings.fps'],
    ...['priority', 'uniqueKey'],
  ]);
  expect((await faults({ type: 'export', deadline: past, input: {} })).toSorted()).toEqual([
    ...['deadline', 'input.format', 'input.project'],
  ]);
});
