import { idText, type UUID } from '../../data/ids.ts';

// Transactions on one account that run at once abort each other, and are tried again: the more of them, the
// fewer succeed. Those of one process wait for each other here instead, in the order in which they came.
const last = new Map<string, Promise<unknown>>();

/** Runs `work` after what this process has begun before with the same account. */
export function takeTurn<T>(account: UUID, work: () => Promise<T>): Promise<T> {
  const key = idText(account);
  const before = last.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  last.set(key, mine);
  const forget = () => {
    if (last.get(key) === mine) last.delete(key);
  };
  mine.then(forget, forget);
  return mine;
}
