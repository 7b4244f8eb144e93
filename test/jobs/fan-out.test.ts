import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import type { UUID } from '../../src/data/ids.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { claim, LEASE } from '../../src/services/jobs/claim.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { fanOut } from '../../src/services/jobs/fan-out.ts';
import {
  JobFailure,
  type JobType,
  LostClaim,
  listJobTypes,
  Superseded,
} from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

interface Part {
  n: number;
}

/** States that were discarded, with the parts they belong to. */
const discarded: object[] = [];

const square: JobType<Part, { squared: number }> = {
  name: 'square',
  input: Joi.object<Part>({ n: Joi.number().required() }),
  run: async ({ input }) => ({ squared: input.n ** 2 }),
};

/** The sum of squares: each is a child job's. */
const sum: JobType<{ to: number }, { sum: number }, { from: string }> = {
  name: 'sum',
  input: Joi.object({ to: Joi.number().required() }),
  run: async (work) => {
    const inputs = Array.from({ length: work.input.to }, (_, n) => ({ n: n + 1 }));
    return work.fanOut({ type: square, inputs, state: { from: 'here' } });
  },
  afterParts: async (_work, results, state) => {
    expect(state).toEqual({ from: 'here' });
    const squares = (results as { squared: number }[]).map(({ squared }) => squared);
    return { sum: squares.reduce((all, one) => all + one, 0) };
  },
  discardParts: async (_tx, state) => void discarded.push(state),
};

const types = listJobTypes(square, sum);

/** The same types, of which one runs something else. */
const withRun = (name: string, run: JobType['run']) =>
  new Map([...types, [name, { ...(types.get(name) as JobType), run }]]);

const later = (ms = 0): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const works = (by = types, ms = 0) => workOnce(later(ms), by, () => 900_000);
const worksAll = async () => {
  while ((await works()) !== 'IDLE');
};
const stored = async (_id: UUID) => (await Job.collection.findOne({ _id })) as unknown as JobDoc;
const childrenOf = async (parent: UUID) =>
  (await Job.collection.find({ parent }).sort({ _id: 1 }).toArray()) as unknown as JobDoc[];

beforeEach(async () => {
  await Job.collection.deleteMany({});
  discarded.length = 0;
});

/** A parent that has left its rest to children. */
async function fannedOut(to = 3): Promise<UUID> {
  const { _id } = await enqueue(later(), sum, { input: { to } });
  await works();
  return _id;
}

test('a parent waits without a worker, and joins what its children have made', async () => {
  const id = await fannedOut();
  expect((await childrenOf(id)).map(({ type }) => type)).toEqual(['square', 'square', 'square']);
  await works();
  await works();
  expect(await stored(id)).toMatchObject({ status: 'QUEUED', parts: { waiting: 1 } });
  await works();
  await works();
  expect(await stored(id)).toMatchObject({ status: 'COMPLETED', result: { sum: 14 } });
  expect(discarded).toEqual([]);
});

test('children that complete at once are each counted, and the parent is woken once', async () => {
  const id = await fannedOut(8);
  await Promise.all(Array.from({ length: 8 }, () => works()));
  await worksAll();
  expect(await stored(id)).toMatchObject({ status: 'COMPLETED', result: { sum: 204 } });
});

test('a child that fails for good fails its parent, cancels the others and discards what is made', async () => {
  const id = await fannedOut();
  await works();
  const fails = () => Promise.reject(new JobFailure('BROKEN', 'It is broken.'));
  await works(withRun('square', fails));
  expect(await stored(id)).toMatchObject({
    status: 'FAILED',
    error: { code: 'BROKEN', retryable: false },
  });
  const statuses = (await childrenOf(id)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual(['CANCELLED', 'COMPLETED', 'FAILED']);
  expect(discarded).toEqual([{ from: 'here' }]);
});

test('cancelling a parent cancels its children, and cancelling a child its parent', async () => {
  for (const who of ['parent', 'child'] as const) {
    const id = await fannedOut();
    const [child] = await childrenOf(id);
    await cancelJob(later(), types, { _id: who === 'parent' ? id : child?._id });
    expect((await childrenOf(id)).map(({ status }) => status)).toEqual(Array(3).fill('CANCELLED'));
    const parent = await stored(id);
    expect(parent.status).toBe(who === 'parent' ? 'CANCELLED' : 'FAILED');
    expect(await works()).toBe('IDLE');
  }
  expect(discarded).toHaveLength(2);
});

test('a parent that is started anew counts only the children of its last claim', async () => {
  const id = await fannedOut();
  const stale = await claim(later(), 'stale', types);
  expect(stale?.job.type).toBe('square');
  await cancelJob(later(), types, { _id: id });
  await retryJob(later(), types, { _id: id });
  await works();
  // The child of the first claim is begun once more by mistake, and is nobody's.
  const again = { status: 'QUEUED', waitsFor: 'WORKER', turn: 0 };
  await Job.collection.updateOne({ _id: stale?.job._id }, { $set: again });
  await works();
  expect(await stored(stale?.job._id as UUID)).toMatchObject({ result: { superseded: true } });
  expect(await stored(id)).toMatchObject({ parts: { waiting: 3 } });
  await worksAll();
  expect(await stored(id)).toMatchObject({ status: 'COMPLETED', result: { sum: 14 } });
});

test('a child that finds itself superseded ends its parent, and the other children with it', async () => {
  const id = await fannedOut();
  await works(withRun('square', () => Promise.reject(new Superseded('Nobody asks for it.'))));
  expect(await stored(id)).toMatchObject({ status: 'COMPLETED', result: { superseded: true } });
  const statuses = (await childrenOf(id)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual(['CANCELLED', 'CANCELLED', 'COMPLETED']);
  expect(discarded).toEqual([{ from: 'here' }]);
});

test('a parent that looks before its children have completed goes on waiting', async () => {
  const id = await fannedOut();
  await Job.collection.updateOne({ _id: id }, { $set: { waitsFor: 'WORKER', turn: 0 } });
  await works();
  const goesOn = { status: 'QUEUED', attempts: 0, parts: { waiting: 3 } };
  expect(await stored(id)).toMatchObject(goesOn);
  await worksAll();
  expect((await stored(id)).status).toBe('COMPLETED');
});

test('a child whose worker was lost is done once more, and counted once', async () => {
  const id = await fannedOut();
  const lost = await claim(later(), 'dies', types);
  await works();
  await works();
  expect(await works(types, LEASE + 1000)).toBe('DONE');
  expect((await stored(lost?.job._id as UUID)).status).toBe('COMPLETED');
  await works(types, LEASE + 1000);
  expect(await stored(id)).toMatchObject({ status: 'COMPLETED', result: { sum: 14 } });
});

test('a stale worker leaves nothing to children', async () => {
  const { _id } = await enqueue(later(), sum, { input: { to: 3 } });
  const stale = await claim(later(), 'stale', types);
  const next = await claim(later(LEASE + 1), 'next', types);
  if (!stale || !next) throw new Error('Nobody had it.');
  const rest = { type: square, inputs: [{ n: 1 }], state: { from: 'here' } };
  await expect(fanOut(later(), stale, rest as never)).rejects.toThrow(LostClaim);
  expect(await childrenOf(_id)).toEqual([]);
  expect((await stored(_id)).status).toBe('RUNNING');
});

test('a child is not started anew by itself, but with its parent', async () => {
  const id = await fannedOut();
  await cancelJob(later(), types, { _id: id });
  const [child] = await childrenOf(id);
  await expect(retryJob(later(), types, { _id: child?._id })).rejects.toMatchObject({
    code: 'INVALID_STATE',
  });
});

test('a child whose parent has ended is not run', async () => {
  const id = await fannedOut(1);
  await Job.collection.updateOne({ _id: id }, { $set: { status: 'FAILED' } });
  let runs = 0;
  await works(withRun('square', async () => ({ squared: ++runs })));
  expect(runs).toBe(0);
  expect(await childrenOf(id)).toMatchObject([
    { status: 'COMPLETED', result: { superseded: true } },
  ]);
});
