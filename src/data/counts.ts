import { systemCtx } from '../context.ts';
import type { Entity } from './entity.ts';
import { idText, type UUID } from './ids.ts';
import { findMany, type TypedFilter } from './read.ts';

type Filter = TypedFilter & { _id: UUID };

/** Parents to count in, by id, and which of them the write found. */
interface Batch {
  parents: Map<string, { filter: Filter; count: number }>;
  found: Promise<ReadonlySet<string>>;
}

// A count is no more than that: the child is what must be on disk before its maker hears of it. Waiting
// for the journal a second time would halve how many can be made.
const UNHURRIED = { writeConcern: { w: 1, j: false } };

// By entity and field: the batch that waits for the write before it to end.
const waiting = new Map<string, Batch>();
const last = new Map<string, Promise<unknown>>();

/**
 * Counts one more child in a parent, if the filter still finds it; says whether it did. Those that come
 * while a write is under way go together in the next: siblings do not fight over their parent, and many
 * parents cost one command.
 */
export async function countIn(parent: Entity, filter: Filter, field: string): Promise<boolean> {
  const key = `${parent.name} ${field}`;
  let batch = waiting.get(key);
  if (!batch) {
    batch = { parents: new Map(), found: Promise.resolve(new Set()) };
    waiting.set(key, batch);
    batch.found = writeNext(key, parent, field, batch.parents);
  }
  const id = idText(filter._id);
  const counted = batch.parents.get(id) ?? { filter, count: 0 };
  counted.count++;
  batch.parents.set(id, counted);
  return (await batch.found).has(id);
}

/** Writes a batch once the one before is written; until then others may join it. */
function writeNext(
  key: string,
  parent: Entity,
  field: string,
  parents: Batch['parents'],
): Promise<ReadonlySet<string>> {
  // Whoever waits for the write before hears of its failure itself.
  const before = last.get(key)?.catch(() => undefined);
  const found = Promise.resolve(before).then(() => {
    waiting.delete(key);
    return write(parent, field, parents);
  });
  last.set(key, found);
  const over = () => void (last.get(key) === found && last.delete(key));
  found.then(over, over);
  return found;
}

async function write(
  parent: Entity,
  field: string,
  parents: Batch['parents'],
): Promise<ReadonlySet<string>> {
  const writes = [...parents.values()].map(({ filter, count }) => ({
    updateOne: { filter, update: { $inc: { [field]: count } } },
  }));
  const { matchedCount } = await parent.collection.bulkWrite(writes, {
    ordered: false,
    ...UNHURRIED,
  });
  if (matchedCount === parents.size) return new Set(parents.keys());
  // Which of them are not there is not told. One that comes or goes just now is put right by the recount.
  const filters = [...parents.values()].map(({ filter }) => filter);
  const options = { projection: { _id: 1 }, limit: filters.length };
  const there = await findMany(systemCtx('counts'), parent, { $or: filters }, options);
  return new Set(there.map(({ _id }) => idText(_id)));
}
