import { expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { findMany } from '../../src/data/read.ts';
import { transaction } from '../../src/data/transaction.ts';
import { update } from '../../src/data/write.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { Event, type EventDoc } from '../../src/models/news/event.ts';
import { EventHead } from '../../src/models/news/event-head.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { sequenceEvents, sortByDocument } from '../../src/services/news/sequence-events.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { arrived, whole, works } from '../harness/processing.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const ctx = systemCtx('test');
const sweep = jobTypes.get('sweep');

/** What the log has of a user, in the order in which it is read. */
async function logOf(user: UUID): Promise<EventDoc[]> {
  await sequenceEvents(ctx, user);
  return findMany(ctx, Event, { user }, { sort: { sequence: 1 }, limit: 1000 });
}

const inTransaction = <T>(work: (tx: Ctx) => Promise<T>) => transaction(ctx, work);

/** A job of somebody that nobody runs. */
function queued(user: UUID): Promise<JobDoc> {
  if (!sweep) throw new Error('There is such a type.');
  const input = { entity: 'Track', documents: [] };
  return inTransaction((tx) => enqueue(tx, sweep, { input, user }));
}

test('each change of a track and of its job is one event, in order, with the state of that moment', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(whole);
  const log = await logOf(new UUID(alice.id));
  const told = log.map(({ type, status }) => `${type} ${status}`);
  // Progress is told, too, as often as the time allows.
  const steps = told.filter((t, i) => !t.includes('updated PROCESSING') && told.indexOf(t) === i);
  expect(steps).toEqual([
    'track.processing PROCESSING',
    'job.created QUEUED',
    'job.updated RUNNING',
    'track.ready READY',
    'job.updated COMPLETED',
  ]);
  expect(log.map(({ data }) => (data as JobDoc).status)).toEqual(log.map(({ status }) => status));
  expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, i) => i + 1));
  expect(log[0]).toMatchObject({ entity: 'Track', document: new UUID(track.id) });
  expect(log[0]?.project).toEqual(new UUID(track.project as string));
  // Hidden fields are for nobody.
  for (const { data } of log) expect(Object.keys(data)).not.toContain('lease');
  for (const { data } of log) expect(Object.keys(data)).not.toContain('outbox');
});

test('a change that is not committed is not told', async () => {
  const { id } = await given.user();
  const job = await queued(new UUID(id));
  const failing = inTransaction(async (tx) => {
    await update(tx, Job, { _id: job._id }, { set: { status: 'CANCELLED' } }, 'cancel');
    throw new Error('The transaction fails.');
  });
  await expect(failing).rejects.toThrow('The transaction fails.');
  expect((await logOf(new UUID(id))).map(({ type }) => type)).toEqual(['job.created']);
});

test('what is deleted, with its project too, is told by its id alone', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await alice.call('DELETE', `/v1/projects/${track.project}`);
  const gone = (await logOf(new UUID(alice.id))).filter(({ type }) => type === 'track.deleted');
  const _id = new UUID(track.id);
  expect(gone.map(({ document, data }) => ({ document, data }))).toEqual([
    { document: _id, data: { _id } },
  ]);
});

test('an event whose id is greater, but which is committed first, is read first; the other is not lost', async () => {
  const user = new UUID((await given.user()).id);
  const [early, late] = await Promise.all([queued(user), queued(user)]);
  const before = await sequenceEvents(ctx, user);
  const { promise: hasWritten, resolve: written } = Promise.withResolvers<void>();
  const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
  const slow = inTransaction(async (tx) => {
    await update(tx, Job, { _id: early._id }, { set: { status: 'RUNNING' } }, null);
    written();
    await mayCommit;
  });
  await hasWritten;
  await inTransaction((tx) => cancelJob(tx, jobTypes, { _id: late._id }));
  const first = (await logOf(user)).slice(before);
  expect(first.map(({ document }) => document)).toEqual([late._id]);
  commit();
  await slow;
  const both = (await logOf(user)).slice(before);
  expect(both.map(({ document }) => document)).toEqual([late._id, early._id]);
  const [one, other] = both.map(({ _id }) => _id.toString());
  expect([one, other].toSorted()).toEqual([other, one]);
});

test('places that a killed process had only promised are given by the next one', async () => {
  const user = new UUID((await given.user()).id);
  const [first, second] = await Promise.all([queued(user), queued(user)]);
  const events = await findMany(ctx, Event, { user }, { sort: { _id: -1 }, limit: 2 });
  const promised = { batch: events.map(({ _id }) => idText(_id)), sequence: 2 };
  const now = new Date();
  const head = { _id: newId(1), user, createdAt: now, updatedAt: now, version: 1 };
  await EventHead.collection.insertOne({ ...head, ...promised });
  await cancelJob(ctx, jobTypes, { _id: first._id });
  const log = await logOf(user);
  expect(log.map(({ _id }) => idText(_id)).slice(0, 2)).toEqual(promised.batch);
  expect(log.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(log.map(({ document }) => document)).toContainEqual(second._id);
});

test('among 20 writers and 4 at once who give places, a reader misses nothing and reads nothing twice', async () => {
  const user = new UUID((await given.user()).id);
  const jobs = await Promise.all(times(20, () => queued(user)));
  let isOver = false;
  const writing = Promise.all(
    jobs.map(async ({ _id }) => {
      for (let progress = 1; progress <= 10; progress++) {
        await update(ctx, Job, { _id }, { set: { progress } }, null);
      }
    }),
  ).finally(() => {
    isOver = true;
  });
  const read = async () => {
    const seen: EventDoc[] = [];
    for (let isLast = false; !isLast; ) {
      isLast = isOver;
      await sequenceEvents(ctx, user);
      const after = { user, sequence: { $gt: seen.at(-1)?.sequence ?? 0 } };
      seen.push(...(await findMany(ctx, Event, after, { sort: { sequence: 1 }, limit: 7 })));
      if (isLast && (seen.at(-1)?.sequence ?? 0) < 220) isLast = false;
    }
    return seen;
  };
  const readers = await Promise.all(times(4, read));
  await writing;
  for (const seen of readers) {
    expect(seen.map(({ sequence }) => sequence)).toEqual(times(220, (i) => i + 1));
    for (const { _id } of jobs) {
      const own = seen.filter(({ document }) => document.equals(_id));
      expect(own.map(({ data }) => (data as JobDoc).progress)).toEqual(times(11, (i) => i));
    }
  }
});

test('events of one document keep the order of its changes, where hosts disagree about the time', () => {
  const [a, b] = [newId(1), newId(1)];
  const events = [
    { _id: newId(2), document: a, revision: 2 },
    { _id: newId(3), document: b, revision: 5 },
    { _id: newId(4), document: a, revision: 1 },
  ];
  expect(sortByDocument(events).map(({ revision }) => revision)).toEqual([1, 5, 2]);
});
