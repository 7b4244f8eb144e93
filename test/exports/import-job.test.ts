import '../harness/place.ts';
import { expect, test } from 'vitest';
import { type Doc, given, type Person, type Track } from '../harness/given.ts';
import { until } from '../harness/until.ts';
import { importEnds, PATH, sendZip, zipOf } from './project-zip.ts';

const starts = (person: Person, id: string, more: object = {}) =>
  person.post<Doc & { errors: object[] }>('/v1/jobs', {
    ...{ type: 'import', input: { import: id }, ...more },
  });
const ends = (person: Person, { id }: Doc) =>
  until('the job has ended', async () => {
    const { body } = await person.get<Doc>(`/v1/jobs/${id}`);
    return ['COMPLETED', 'FAILED'].includes(body.status) && body;
  });

test('an import is started again as a job, and makes a further project of its ZIP', async () => {
  const alice = await given.user();
  const id = await sendZip(alice, await zipOf(2));
  const { project: first } = await importEnds(alice, id);
  const started = await starts(alice, id, { priority: 7 });
  expect(started).toMatchObject({ status: 202, body: { queue: 'RENDER', priority: 7 } });
  expect((await ends(alice, started.body)).status).toBe('COMPLETED');
  const again = await importEnds(alice, id);
  expect(again).toMatchObject({ status: 'READY', mediaCount: 2 });
  const { body } = await alice.get<{ data: Doc[] }>('/v1/projects');
  expect(new Set(body.data.map((one) => one.id))).toEqual(new Set([first, again.project]));
  const estimate = { type: 'import', input: { import: id } };
  expect((await alice.post('/v1/jobs/estimate', estimate)).body).toMatchObject({ credits: 0 });
});

test('what has no ZIP, is under way, or is somebody else’s, is no import to start', async () => {
  const [alice, bob] = [await given.user(), await given.user()];
  const declared = { fileName: 'a.zip', contentType: 'application/zip', size: 1000 };
  const { body: awaited } = await alice.post<Track>(PATH, declared);
  const fault = { status: 422, body: { errors: [{ path: 'input.import' }] } };
  expect(await starts(alice, awaited.id)).toMatchObject(fault);
  expect(await starts(alice, 'nonsense')).toMatchObject(fault);
  expect(await alice.post('/v1/jobs', { type: 'import', input: {} })).toMatchObject(fault);
  const id = await sendZip(alice, await zipOf(1));
  await importEnds(alice, id);
  expect(await starts(bob, id)).toMatchObject(fault);
  const runAfter = new Date(Date.now() + 3_600_000).toISOString();
  expect((await starts(alice, id, { runAfter })).status).toBe(202);
  expect(await starts(alice, id)).toMatchObject(fault);
  const wrong = await starts(bob, id, { deadline: new Date(0).toISOString(), priority: 10 });
  const paths = (wrong.body.errors as { path: string }[]).map(({ path }) => path);
  expect(paths.toSorted()).toEqual(['deadline', 'input.import', 'priority']);
});
