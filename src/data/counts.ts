import mongoose, { type mongo } from 'mongoose';
import { gather } from '../gather.ts';
import type { Entity } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, type UUID } from './ids.ts';
import { UNHURRIED } from './write-concern.ts';

// A lost count is corrected at night, so it need not be journaled before the client gets its
// answer, as the child must. Waiting for the journal a second time would halve the throughput of
// creates.

type Parent = TypedFilter & { _id: UUID };

/** By entity and field. */
const counters = new Map<string, (parent: Parent) => Promise<boolean>>();

/**
 * Counts one more child in a parent, if the filter finds it, and returns whether it did. What is counted in the same
 * turn of the event loop is sent in one command, for each parent once.
 */
export function countIn(parent: Entity, filter: Parent, field: string): Promise<boolean> {
  const key = `${parent.name} ${field}`;
  let count = counters.get(key);
  if (!count) {
    count = gather((parents) => countAll(parent, field, parents));
    counters.set(key, count);
  }
  return count(filter);
}

async function countAll({ collection }: Entity, field: string, parents: Parent[]) {
  const groups = Map.groupBy(parents, ({ _id }) => idText(_id));
  const filters = [...groups.values()].map(([one]) => one as Parent);
  const updates = [...groups.values()].map((group, n) => ({
    updateOne: { filter: filters[n] as Parent, update: { $inc: { [field]: group.length } } },
  }));
  const options = { ...UNHURRIED, ordered: false };
  const written = await collection.bulkWrite(updates, options).catch(readRefusals);
  if (written.matchedCount === groups.size) return parents.map(() => true);
  const keys = [...groups.keys()];
  const refused = new Map(written.getWriteErrors().map((error) => [keys[error.index], error]));
  const found = await collection.find({ $or: filters }, { projection: { _id: 1 } }).toArray();
  const there = new Set(found.map(({ _id }) => idText(_id)));
  return parents.map(({ _id }) => {
    const key = idText(_id);
    return refused.has(key) ? Promise.reject(refused.get(key)) : there.has(key);
  });
}

/** What the database refused of one parent is no failure of the others. */
function readRefusals(error: unknown): mongo.BulkWriteResult {
  const isRefusal =
    error instanceof mongoose.mongo.MongoBulkWriteError && error.result.getWriteErrorCount() > 0;
  if (!isRefusal) throw error;
  return error.result;
}
