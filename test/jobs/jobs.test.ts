import '../harness/place.ts';
import { expect, test } from 'vitest';
import { jobs } from '../../functions/jobs.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given, type Person } from '../harness/given.ts';

/** A job that no worker takes for an hour. */
async function waiting(person: Person): Promise<Doc> {
  const project = await person.project();
  const job = await insert(systemCtx('test'), Job, {
    user: new UUID(person.id),
    project: new UUID(project.id),
    type: 'sweep',
    input: { entity: 'Project', documents: [] },
    runAfter: new Date(Date.now() + 3_600_000),
  });
  return (await person.get<Doc>(`/v1/jobs/${job._id}`)).body;
}

conforms(jobs, { make: waiting });

test('clients may start only the types marked for them', async () => {
  const alice = await given.user();
  for (const type of ['sweep', 'process-track', 'nonsense']) {
    const answer = await alice.post('/v1/jobs', { type, input: {} });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'type' }] } });
  }
});

test('a waiting job can be cancelled once, then retried once, and is then as new', async () => {
  const alice = await given.user();
  const { id } = await waiting(alice);
  expect(await alice.post(`/v1/jobs/${id}/retry`)).toMatchObject({ status: 409 });
  const cancelled = await alice.post(`/v1/jobs/${id}/cancel`);
  expect(cancelled).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
  expect(cancelled.body.completedAt).toBeTruthy();
  expect(await alice.post(`/v1/jobs/${id}/cancel`)).toMatchObject({ status: 409 });
  const again = await alice.post(`/v1/jobs/${id}/retry`);
  expect(again).toMatchObject({ status: 202, body: { status: 'QUEUED', attempts: 0 } });
  expect(again.body).not.toHaveProperty('completedAt');
});

test('the ETag of a job changes with its progress, so that nobody polls an old one', async () => {
  const alice = await given.user();
  const { id } = await waiting(alice);
  const before = await alice.get(`/v1/jobs/${id}`);
  const seen = { 'if-none-match': before.headers.get('etag') as string };
  await Job.collection.updateOne(
    { _id: new UUID(id) },
    { $set: { progress: 40, stage: 'decode' } },
  );
  expect(await alice.get(`/v1/jobs/${id}`, seen)).toMatchObject({
    status: 200,
    body: { progress: 40, stage: 'decode' },
  });
});
