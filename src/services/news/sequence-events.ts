import type { Ctx } from '../../context.ts';
import type { DocOf } from '../../data/entity.ts';
import { isDuplicate } from '../../data/failures.ts';
import { idText, newId, UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { Event, type EventDoc } from '../../models/news/event.ts';
import { EventHead } from '../../models/news/event-head.ts';
import { createSharedRuns } from './shared-runs.ts';

// Ids are made before the commit, and of two transactions the one with the greater id may be committed
// first: whoever reads after the greatest id that he has seen would miss the other. So events get their
// place only once they are committed, by whoever reads them: numbers without gaps. They are first promised to a
// batch, by one update of the head of their user, which one at a time succeeds with; then the events of
// the batch get them. No transaction: that of a process that is killed would hold up all others for a minute.

/** How many get their places at once. */
const BATCH = 200;

type Waiting = Pick<EventDoc, '_id' | 'document' | 'revision'>;

/**
 * Gives all committed events of a user their places. Returns the last place that is given. In one process
 * one does it for all who ask: several would only get in each other's way.
 */
export function sequenceEvents(ctx: Ctx, user: UUID): Promise<number> {
  return share(idText(user), () => sequenceAll({ ...ctx, session: undefined }, user));
}

const share = createSharedRuns<number>();

/** The head of a user: his last place, and the batch that has been promised the last ones. */
type Head = Pick<DocOf<typeof EventHead>, '_id' | 'sequence' | 'batch'>;

/** The same, by a run of its own: for one that is to end by itself, whatever becomes of others. */
export async function sequenceAll(ctx: Ctx, user: UUID): Promise<number> {
  for (;;) {
    const head = (await findHead(ctx, user)) ?? (await makeHead(ctx, user));
    // Whoever promised them may have been killed since.
    if (head.batch)
      await keepPromise(
        ctx,
        user,
        head,
        head.batch.map((id) => new UUID(id)),
      );
    const waiting = await findWaiting(ctx, user);
    if (waiting.length === 0) return head.sequence;
    const batch = sortByDocument(waiting).map(({ _id }) => _id);
    if (!(await promise(ctx, user, head, batch))) continue;
    const sequence = head.sequence + batch.length;
    await keepPromise(ctx, user, { ...head, sequence }, batch);
    if (waiting.length < BATCH) return sequence;
  }
}

function findHead(ctx: Ctx, user: UUID): Promise<Head | null> {
  return findOne(ctx, EventHead, { user }, { projection: { sequence: 1, batch: 1 } });
}

async function makeHead(ctx: Ctx, user: UUID): Promise<Head> {
  const now = new Date(ctx.clock());
  const head = { _id: newId(now.getTime()), user, sequence: 0 };
  try {
    await EventHead.collection.insertOne({ ...head, createdAt: now, updatedAt: now, version: 1 });
    return head;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return (await findHead(ctx, user)) as Head;
  }
}

/**
 * Those without a place, as the index has them: by their ids. At one moment: of two events of a document,
 * a read that takes a while could find the second alone.
 */
function findWaiting(ctx: Ctx, user: UUID): Promise<Waiting[]> {
  return findMany(
    ctx,
    Event,
    { user, sequence: null },
    {
      projection: { document: 1, revision: 1 },
      sort: { _id: 1 },
      limit: BATCH,
      readConcern: { level: 'snapshot' },
    },
  );
}

/** Promises the next places to a batch; false when another has done so since the head was read. */
async function promise(ctx: Ctx, user: UUID, head: Head, batch: UUID[]): Promise<boolean> {
  const { modifiedCount } = await EventHead.collection.updateOne(
    { user, sequence: head.sequence, batch: null },
    {
      $set: {
        sequence: head.sequence + batch.length,
        batch: batch.map(idText),
        updatedAt: new Date(ctx.clock()),
      },
      $inc: { version: 1 },
    },
  );
  return modifiedCount === 1;
}

/** Gives a batch its places, and says so; any number of processes may do it, any number of times. */
async function keepPromise(ctx: Ctx, user: UUID, head: Head, batch: UUID[]): Promise<void> {
  const before = head.sequence - batch.length;
  const writes = batch.map((_id, i) => ({
    updateOne: {
      filter: { user, _id, sequence: null },
      update: { $set: { sequence: before + i + 1 } },
    },
  }));
  await Event.collection.bulkWrite(writes, { ordered: false });
  await EventHead.collection.updateOne(
    { user, sequence: head.sequence },
    { $unset: { batch: 1 }, $set: { updatedAt: new Date(ctx.clock()) }, $inc: { version: 1 } },
  );
}

/**
 * In the order of their ids, but those of one document in the order of its changes, which hosts with
 * different clocks may have made.
 */
export function sortByDocument<T extends Waiting>(events: T[]): T[] {
  const byDocument = Map.groupBy(events, ({ document }) => idText(document));
  for (const same of byDocument.values()) same.sort((a, b) => a.revision - b.revision);
  return events.map(({ document }) => byDocument.get(idText(document))?.shift() as T);
}
