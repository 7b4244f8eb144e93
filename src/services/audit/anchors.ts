import type { Ctx } from '../../context.ts';
import { readDatabaseTime } from '../../data/database-time.ts';
import { type Checkpoint, linkTo } from './checkpoint-text.ts';
import { listCheckpoints, readStored, type StoredCheckpoint } from './checkpoints.ts';

/** In ms: all checkpoints since then are read; each is younger than that when a night's run comes. */
const READ = 25 * 3600_000;
/** In ms: after this time an entry is in a checkpoint, which is due every ten minutes. */
const COVERED_AFTER = 15 * 60_000;
/** So many are read at once. */
const AT_ONCE = 8;

/** What checkpoints say that the log must have. */
export interface Anchors {
  /** By chain: sequence → the hash that the entry had, in the first checkpoint that has it. */
  byChain: Map<number, Map<number, { hash: string; name: string }>>;
  newest?: Checkpoint;
  /** Entries from before this time must be in a checkpoint; unset where the last one is young. */
  coveredUntil?: Date;
  checkpoints: number;
  /** What is wrong with the checkpoints themselves. */
  faults: string[];
}

/**
 * Reads the checkpoints of the last day, or the last one, as they were stored first, and looks whether each is
 * as it was written, follows the one before, and was left alone.
 */
export async function readAnchors(ctx: Ctx): Promise<Anchors> {
  const stored = await listCheckpoints(ctx, READ);
  const faults: string[] = stored.flatMap(describeChanges);
  const read: { checkpoint: Checkpoint; text: string }[] = [];
  for (let i = 0; i < stored.length; i += AT_ONCE) {
    const some = stored.slice(i, i + AT_ONCE);
    const found = await Promise.all(some.map((one) => readStored(ctx, one)));
    for (const [n, { checkpoint, text }] of found.entries()) {
      if (checkpoint) read.push({ checkpoint, text });
      else faults.push(`Checkpoint ${some[n]?.name} is not as it was written.`);
    }
  }
  faults.push(...findBrokenLinks(stored, read));
  const newest = read.at(-1)?.checkpoint;
  const isOld = (await readDatabaseTime(ctx)).getTime() - COVERED_AFTER;
  return {
    ...{ byChain: collect(read.map(({ checkpoint }) => checkpoint)), faults },
    ...(newest && { newest }),
    ...((newest?.at.getTime() ?? 0) < isOld && { coveredUntil: new Date(isOld) }),
    checkpoints: stored.length,
  };
}

function describeChanges({ name, versions }: StoredCheckpoint): string[] {
  const written = versions.filter(({ isDeletion }) => !isDeletion);
  const changes = [...written.slice(0, -1), ...versions.filter(({ isDeletion }) => isDeletion)];
  return changes.map(({ isDeletion, changedAt }) => {
    const what = isDeletion ? 'deleted' : 'overwritten';
    return `Checkpoint ${name} was ${what} at ${changedAt.toISOString()}.`;
  });
}

function findBrokenLinks(
  stored: StoredCheckpoint[],
  read: { checkpoint: Checkpoint; text: string }[],
): string[] {
  const texts = new Map(read.map(({ checkpoint, text }) => [checkpoint.name, text]));
  const first = stored[0]?.name ?? '';
  return read.flatMap(({ checkpoint: { name, previous } }) => {
    // What is from before the first that was read was not looked at.
    if (!previous || previous.name < first) return [];
    const text = texts.get(previous.name);
    if (text === undefined)
      return [`Checkpoint ${previous.name}, which ${name} follows, is missing.`];
    const isIt = linkTo(previous.name, text).hash === previous.hash;
    return isIt ? [] : [`Checkpoint ${name} does not follow ${previous.name} as that is now.`];
  });
}

/** Since a restore the checkpoints before tell of a log that is no more. */
function collect(checkpoints: Checkpoint[]): Anchors['byChain'] {
  const restored = checkpoints.findLastIndex(({ isRestored }) => isRestored);
  const byChain: Anchors['byChain'] = new Map();
  for (const { name, heads } of checkpoints.slice(Math.max(0, restored))) {
    for (const { chain, sequence, hash } of heads) {
      if (sequence === 0) continue;
      const known = byChain.get(chain) ?? new Map();
      if (!known.has(sequence)) known.set(sequence, { hash, name });
      byChain.set(chain, known);
    }
  }
  return byChain;
}
