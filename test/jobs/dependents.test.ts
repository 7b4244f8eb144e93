import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import type { UUID } from '../../src/data/ids.ts';
import '../../src/models/index.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { failDependentsJob } from '../../src/services/jobs/fail-dependents-job.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue, type NewJob } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { reconcile } from '../../src/services/maintenance/reconcile.ts';
import { adminCollection } from '../harness/admin.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const step: JobType = { name: 'step', input: Joi.object().unknown(), run: async () => ({}) };
const types = listJobTypes(step, failDependentsJob as unknown as JobType);
const ctx = (): Ctx => systemCtx('test');
const queues = (more: Partial<NewJob<object>> = {}) => enqueue(ctx(), step, { input: {}, ...more });
const works = () => workOnce(ctx(), types, () => 900_000);
const count = (filter: object) => Job.collection.countDocuments({ type: 'step', ...filter });
const stored = async ({ _id }: { _id: UUID }) =>
  (await Job.collection.findOne({ _id })) as unknown as JobDoc;

beforeEach(async () => {
  await Job.collection.deleteMany({});
});

/** A job, so many that wait for it, and as many that wait for each of these. */
async function tree(width: number, more: Partial<NewJob<object>> = {}): Promise<JobDoc> {
  const root = await queues(more);
  for (let n = 0; n < width; n++) {
    const branch = await queues({ after: [root._id] });
    for (let m = 0; m < width; m++) await queues({ after: [branch._id] });
  }
  return root;
}

test('of a large graph the nearest end in the transaction that ends its root, the rest by a job', async () => {
  const root = await tree(12);
  await cancelJob(ctx(), types, { _id: root._id });
  const inVain = { status: 'FAILED', 'error.code': 'DEPENDENCY_FAILED' };
  expect(await count(inVain)).toBe(50);
  expect(await count({ after: root._id.toString(), ...inVain })).toBe(12);
  expect(await Job.collection.countDocuments({ type: 'fail-dependents' })).toBe(1);
  while ((await works()) !== 'IDLE');
  expect(await count(inVain)).toBe(12 + 12 * 12);
  expect(await count({ status: 'QUEUED' })).toBe(0);
});

test('what a job was to fail goes on where what it waits for was started anew before', async () => {
  const root = await tree(12);
  await cancelJob(ctx(), types, { _id: root._id });
  const waits = await Job.collection.findOne({ type: 'step', status: 'QUEUED' });
  const [branch] = waits?.after ?? [];
  for (const _id of [root._id, (await findBranch(branch))._id])
    await retryJob(ctx(), types, { _id });
  while ((await works()) !== 'IDLE');
  expect((await stored(waits as unknown as JobDoc)).status).toBe('COMPLETED');
  expect(await count({ status: 'QUEUED' })).toBe(0);
});

async function findBranch(id: string): Promise<JobDoc> {
  const all = await Job.collection.find({ type: 'step' }).toArray();
  return all.find(({ _id }) => _id.toString() === id) as unknown as JobDoc;
}

test('a job that cannot be failed at its deadline holds up no other', async () => {
  const soon = new Date((await readDatabaseTime()) + 1);
  const broken = await queues({ delay: 60, deadline: soon });
  const root = await tree(8, { delay: 60, deadline: soon });
  const waiting = await queues({});
  // No write about it passes the validator any longer.
  const unset = { $unset: { maxAttempts: 1 } };
  const bypass = { bypassDocumentValidation: true };
  await adminCollection(Job).updateOne({ _id: broken._id }, unset, bypass);
  await expect(reconcile(ctx())).rejects.toThrow(/validation/i);
  expect((await stored(root)).error?.code).toBe('DEADLINE_EXCEEDED');
  expect((await stored(broken)).status).toBe('QUEUED');
  expect((await stored(waiting)).status).toBe('QUEUED');
});
