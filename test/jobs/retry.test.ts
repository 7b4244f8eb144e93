import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { failQueued } from '../../src/services/jobs/fail.ts';
import { OVERDUE } from '../../src/services/jobs/job-type.ts';
import { projectWithTrack } from '../exports/given.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const REPROCESS = { type: 'reprocess', input: { kind: 'TRACK', media: [newId(0).toString()] } };
const starts = async (person: Person, more: object = {}) => {
  const { status, body } = await person.post<Doc>('/v1/jobs', { ...REPROCESS, ...more });
  expect(status).toBe(202);
  return body.id;
};
const does = (person: Person, what: 'cancel' | 'retry', id: string) =>
  person.post<Doc & { errors?: object[] }>(`/v1/jobs/${id}/${what}`);
const stored = async (id: string) =>
  (await Job.collection.findOne({ _id: new UUID(id) })) as unknown as JobDoc;

test('a job that is retried has its unique key again, unless another has it', async () => {
  const alice = await given.user();
  const first = await starts(alice, { uniqueKey: 'k' });
  await does(alice, 'cancel', first);
  const second = await starts(alice, { uniqueKey: 'k' });
  expect(second).not.toBe(first);
  expect(await does(alice, 'retry', first)).toMatchObject({
    status: 409,
    body: { code: 'DUPLICATE', errors: [{ path: 'uniqueKey' }] },
  });
  expect((await stored(first)).status).toBe('CANCELLED');
  await does(alice, 'cancel', second);
  expect((await does(alice, 'retry', first)).status).toBe(202);
  expect(await starts(alice, { uniqueKey: 'k' })).toBe(first);
  const newer = await starts(alice, { uniqueKey: 'k', onDuplicate: 'SUPERSEDE' });
  expect((await does(alice, 'retry', first)).status).toBe(409);
  expect((await does(alice, 'retry', second)).status).toBe(409);
  expect((await stored(newer)).status).toBe('QUEUED');
});

test('of two that are retried at once, and of new ones beside them, one has the key', async () => {
  const alice = await given.user();
  const jobs: string[] = [];
  for (let n = 0; n < 3; n++) {
    const id = await starts(alice, { uniqueKey: 'k' });
    await does(alice, 'cancel', id);
    jobs.push(id);
  }
  await Promise.all([
    ...jobs.map((id) => does(alice, 'retry', id)),
    starts(alice, { uniqueKey: 'k' }),
  ]);
  const open = { user: new UUID(alice.id), status: 'QUEUED' };
  expect(await Job.collection.countDocuments(open)).toBe(1);
});

test('a job that is retried after its deadline has none, and keeps one that is to come', async () => {
  const alice = await given.user();
  const deadline = new Date(Date.now() + 3_600_000);
  const id = await starts(alice, { deadline: deadline.toISOString() });
  await does(alice, 'cancel', id);
  expect((await does(alice, 'retry', id)).body).toMatchObject({
    deadline: deadline.toISOString(),
  });
  await Job.collection.updateOne({ _id: new UUID(id) }, { $set: { deadline: new Date(1) } });
  await failQueued(systemCtx('test'), jobTypes, new UUID(id), OVERDUE);
  const again = await does(alice, 'retry', id);
  expect(again).toMatchObject({ status: 202, body: { status: 'QUEUED' } });
  expect(again.body).not.toHaveProperty('deadline');
});

test('the job of an export that was deleted is not started anew', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const { body } = await alice.post<Doc & { job: string }>('/v1/exports', {
    ...{ project, format: 'MP3' },
  });
  await does(alice, 'cancel', body.job);
  expect((await alice.delete(`/v1/exports/${body.id}`)).status).toBe(204);
  expect(await does(alice, 'retry', body.job)).toMatchObject({
    status: 409,
    body: { code: 'INVALID_STATE' },
  });
  expect((await stored(body.job)).status).toBe('CANCELLED');
});
