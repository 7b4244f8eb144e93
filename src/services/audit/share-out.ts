import { nameSubject, type Subject } from './subjects.ts';

/** Who has more than this share of a batch, while more wait, leaves half of it to others. */
const CROWD = 0.1;

/** Finds the oldest that wait, up to a number, of all subjects but these. */
type Find<T> = (others: Subject[], limit: number) => Promise<T[]>;

/**
 * Takes a batch of what waits: the oldest; but where some subjects have so much that it fills the batch, one
 * half of it is that of others. So nobody waits until the thousands of somebody else are done.
 */
export async function shareOut<T>(
  find: Find<T>,
  getSubject: (one: T) => Subject,
  { limit, skipped }: { limit: number; skipped: Subject[] },
): Promise<T[]> {
  const oldest = await find(skipped, limit);
  if (oldest.length < limit) return oldest;
  const bySubject = Map.groupBy(oldest, (one) => nameSubject(getSubject(one)));
  const crowds = [...bySubject.values()].filter((some) => some.length > limit * CROWD);
  const ofCrowds = crowds.flat();
  const half = Math.floor(limit / 2);
  if (ofCrowds.length <= half) return oldest;
  const rest = await find([...skipped, ...crowds.map(([one]) => getSubject(one as T))], half);
  return [...ofCrowds.slice(0, limit - rest.length), ...rest];
}
