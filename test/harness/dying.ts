import { AsyncLocalStorage } from 'node:async_hooks';
import { endProcess, interceptCalls, type Session } from './outside-calls.ts';

interface Life {
  /** How many calls of the outside world it has left. */
  left: number;
  /** Whether its last call is still carried out, though nobody hears the answer. */
  isHeard: boolean;
  /** The sessions of the transactions that it has begun. */
  sessions: Set<Session>;
  ends: () => void;
}

const lives = new AsyncLocalStorage<Life>();
const forever = new Promise<never>(() => {});

/**
 * Runs work as if its process were killed at its nth call of the database or of S3: from there on nothing
 * of it goes on, no `catch` and no `finally`. Says whether it came to its end before.
 */
export async function dying(
  left: number,
  isHeard: boolean,
  work: () => Promise<unknown>,
): Promise<'ended' | 'killed'> {
  patch();
  let ends = () => {};
  const killed = new Promise<'killed'>((resolve) => {
    ends = () => resolve('killed');
  });
  const sessions = new Set<Session>();
  const ended = lives.run({ left, isHeard, sessions, ends }, async () => {
    // What it refuses is an end, too.
    await work().catch(() => {});
    return 'ended' as const;
  });
  const how = await Promise.race([ended, killed]);
  if (how === 'killed') await endProcess(sessions);
  return how;
}

async function within<T>(call: () => Promise<T>): Promise<T> {
  const life = lives.getStore();
  if (!life || life.left-- > 0) return call();
  if (life.left === -1 && life.isHeard) await lives.exit(call).catch(() => {});
  life.ends();
  return forever;
}

let isPatched = false;

/** Every call of the database and of S3 passes here; where nobody is dying, it just passes. */
function patch(): void {
  if (isPatched) return;
  isPatched = true;
  interceptCalls((call, { session }) => {
    if (session?.inTransaction?.()) lives.getStore()?.sessions.add(session);
    return within(call);
  });
}
