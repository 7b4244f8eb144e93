import type { Ctx } from '../../context.ts';
import { upsertCommon } from '../../data/database-time.ts';
import { isDuplicate } from '../../data/failures.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { Event, type EventDoc } from '../../models/news/event.ts';
import { EventHead } from '../../models/news/event-head.ts';
import { createSharedRuns } from './shared-runs.ts';

// Ids are made before the commit, and of two transactions the one with the greater id may be committed
// first: whoever reads after the greatest id that he has seen would miss the other. So events get their
// place only once they are committed, by whoever reads them: numbers without gaps, in one transaction that
// writes the head of their user, so that one at a time does it, in any number of processes.

/** How many get their places at once. */
const BATCH = 200;

type Waiting = Pick<EventDoc, '_id' | 'document' | 'revision'>;

/**
 * Gives all committed events of a user their places. Returns the last place that is given. In one process
 * one does it for all who ask: several would only get in each other's way.
 */
export function sequenceEvents(ctx: Ctx, user: UUID): Promise<number> {
  return share(idText(user), () => sequenceAll(ctx, user));
}

const share = createSharedRuns<number>();

/** The same, by a run of its own: for one that is to end by itself, whatever becomes of others. */
export async function sequenceAll(ctx: Ctx, user: UUID): Promise<number> {
  const reading = { ...ctx, session: undefined };
  for (;;) {
    // Looked for outside of the transaction: mostly there are none.
    if ((await findWaiting(reading, user, 1)).length === 0) break;
    try {
      if ((await sequenceBatch(reading, user)) < BATCH) break;
    } catch (error) {
      // Two made the first head of this user: the other one did.
      if (!isDuplicate(error)) throw error;
    }
  }
  return findHead(reading, user);
}

/** The last place that was given to an event of this user. */
async function findHead(ctx: Ctx, user: UUID): Promise<number> {
  const head = await findOne(ctx, EventHead, { user }, { projection: { sequence: 1 } });
  return head?.sequence ?? 0;
}

/** Those without a place, as the index has them: by their ids. */
function findWaiting(ctx: Ctx, user: UUID, limit: number): Promise<Waiting[]> {
  return findMany(
    ctx,
    Event,
    { user, sequence: null },
    { projection: { document: 1, revision: 1 }, sort: { _id: 1 }, limit },
  );
}

async function sequenceBatch(ctx: Ctx, user: UUID): Promise<number> {
  return transaction(ctx, async (tx) => {
    const waiting = await findWaiting(tx, user, BATCH);
    if (waiting.length === 0) return 0;
    const session = { ...(tx.session && { session: tx.session }) };
    const head = await EventHead.collection.findOneAndUpdate(
      { user },
      [{ $set: { ...upsertCommon(tx, newId(tx.clock())), user, ...countOn(waiting.length) } }],
      { upsert: true, returnDocument: 'after', projection: { sequence: 1 }, ...session },
    );
    const before = (head?.sequence as number) - waiting.length;
    const writes = sortByDocument(waiting).map(({ _id }, i) => ({
      updateOne: { filter: { user, _id }, update: { $set: { sequence: before + i + 1 } } },
    }));
    await Event.collection.bulkWrite(writes, { ...session, ordered: true });
    return waiting.length;
  });
}

function countOn(n: number) {
  return { sequence: { $add: [{ $ifNull: ['$sequence', 0] }, n] } };
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
