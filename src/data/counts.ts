import type { Entity } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, type UUID } from './ids.ts';

interface Batch {
  count: number;
  done: Promise<boolean>;
}

// A lost count is corrected at night, so it need not be journaled before the client gets its
// answer, as the child must. Waiting for the journal a second time would halve the throughput of
// creates.
const UNHURRIED = { writeConcern: { w: 1, j: false } };

// By parent: the batch that waits until the write before it has ended.
const waiting = new Map<string, Batch>();
const last = new Map<string, Promise<unknown>>();

/**
 * Counts one more child in a parent, if the filter finds it, and returns whether it did. Those that
 * come while the parent is being written are counted together in the next write, so that siblings
 * do not contend for it.
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
  // A failure of the write before is handled by those who wait for that one.
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
