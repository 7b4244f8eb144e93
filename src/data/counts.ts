import type { Entity } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, type UUID } from './ids.ts';

interface Batch {
  count: number;
  done: Promise<boolean>;
}

// A count is no more than that: the child is what must be on disk before its maker hears of it. Waiting
// for the journal a second time would halve how many can be made.
const UNHURRIED = { writeConcern: { w: 1, j: false } };

// By parent: the batch that waits for the write before it to end.
const waiting = new Map<string, Batch>();
const last = new Map<string, Promise<unknown>>();

/**
 * Counts one more child in a parent, if the filter still finds it; says whether it did. Those that come
 * while a write to the parent is under way go together in the next: siblings do not fight over it.
 */
export function countIn(
  parent: Entity,
  filter: TypedFilter & { _id: UUID },
  field: string,
): Promise<boolean> {
  const key = `${parent.name} ${idText(filter._id)} ${field}`;
  const open = waiting.get(key);
  if (open) {
    open.count++;
    return open.done;
  }
  const batch: Batch = { count: 1, done: Promise.resolve(false) };
  waiting.set(key, batch);
  // Whoever waits for the write before hears of its failure itself.
  const before = last.get(key)?.catch(() => undefined);
  batch.done = Promise.resolve(before).then(async () => {
    waiting.delete(key);
    const change = { $inc: { [field]: batch.count } };
    const { matchedCount } = await parent.collection.updateOne(filter, change, UNHURRIED);
    return matchedCount === 1;
  });
  last.set(key, batch.done);
  const over = () => void (last.get(key) === batch.done && last.delete(key));
  batch.done.then(over, over);
  return batch.done;
}
