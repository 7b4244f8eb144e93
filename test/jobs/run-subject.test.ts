import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import type { DocOf } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { insert } from '../../src/data/write.ts';
import { Export } from '../../src/models/exports/export.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { idInput } from '../../src/services/jobs/input.ts';
import { JobFailure, type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { runSubject } from '../../src/services/jobs/run-subject.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

interface Input {
  document: UUID;
}

let run: JobType<Input>['run'] = async () => ({ size: 3 });

const render: JobType<Input, { size: number }> = {
  name: 'render',
  input: Joi.object<Input>({ document: idInput().required() }),
  subject: runSubject(Export, {
    statuses: { running: 'PROCESSING' },
    keep: ({ size }: { size: number }) => ({ size }),
  }),
  run: (work) => run(work as never) as Promise<{ size: number }>,
};

const types = listJobTypes(render);
const ctx = (): Ctx => systemCtx('test');
const works = () => workOnce(ctx(), types, () => 900_000);

beforeEach(async () => {
  await Job.collection.deleteMany({});
  run = async () => ({ size: 3 });
});

/** An export that waits for its job. */
async function waiting() {
  const alice = await given.user();
  const project = new UUID((await alice.project()).id);
  const user = new UUID(alice.id);
  const job = newId(Date.now());
  const document = await transaction(ctx(), async (tx) => {
    const made = await insert(tx, Export, { user, project, format: 'MP3', job });
    await enqueue(tx, render, { _id: job, input: { document: made._id }, user });
    return made._id;
  });
  const stored = async () =>
    (await Export.collection.findOne({ _id: document })) as unknown as DocOf<typeof Export>;
  return { job, document, stored };
}

test('a document follows the job that carries it out: its status, its times and what it keeps', async () => {
  const { stored } = await waiting();
  expect((await stored()).status).toBe('QUEUED');
  let seen = '';
  run = async () => {
    seen = (await stored()).status;
    return { size: 3 };
  };
  await works();
  expect(seen).toBe('PROCESSING');
  expect(await stored()).toMatchObject({
    ...{ status: 'COMPLETED', size: 3 },
    ...{ startedAt: expect.any(Date), completedAt: expect.any(Date) },
  });
});

test('a failure shows on the document, and starting the job anew begins it anew', async () => {
  const { job, stored } = await waiting();
  run = () => Promise.reject(new JobFailure('NO_SOUND', 'There is nothing to hear.'));
  await works();
  expect(await stored()).toMatchObject({ status: 'FAILED', error: { code: 'NO_SOUND' } });
  run = async () => ({ size: 4 });
  await retryJob(ctx(), types, { _id: job });
  expect((await stored()).status).toBe('QUEUED');
  expect(await stored()).not.toHaveProperty('error');
  await works();
  expect(await stored()).toMatchObject({ status: 'COMPLETED', size: 4 });
});

test('a job that is cancelled cancels its document, and no other job speaks of it', async () => {
  const { job, document, stored } = await waiting();
  const other = await enqueue(ctx(), render, { input: { document } });
  await cancelJob(ctx(), types, { _id: other._id });
  expect((await stored()).status).toBe('QUEUED');
  await cancelJob(ctx(), types, { _id: job });
  expect(await stored()).toMatchObject({ status: 'CANCELLED', error: { code: 'CANCELLED' } });
});

test('a job whose document is gone does nothing, and says so', async () => {
  const { job, document } = await waiting();
  await Export.collection.deleteOne({ _id: document });
  run = () => Promise.reject(new Error('It was begun.'));
  await works();
  const stored = await Job.collection.findOne({ _id: job });
  expect(stored).toMatchObject({ status: 'COMPLETED', result: { superseded: true } });
});
