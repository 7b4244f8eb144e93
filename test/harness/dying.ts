import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { S3Client } from '@aws-sdk/client-s3';
import { forgetLooks } from '../../src/services/jobs/turns.ts';

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
  // The database ends what a killed client had open, as it does when a connection breaks. What was
  // committed without being heard of cannot be aborted any more.
  if (how === 'killed') {
    forgetLooks(); // nobody waits for what a killed process was looking for
    for (const session of sessions) await session.abortTransaction().catch(() => {});
  }
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
  const require = createRequire(import.meta.url);
  const driver = createRequire(require.resolve('mongoose'))('mongodb/lib/sdam/server.js');
  for (const prototype of [driver.Server.prototype, S3Client.prototype]) {
    const name = prototype === S3Client.prototype ? 'send' : 'command';
    const original = prototype[name] as (...args: unknown[]) => Promise<unknown>;
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      note(args[0]);
      return within(() => original.apply(this, args));
    };
  }
}

interface Session {
  inTransaction(): boolean;
  abortTransaction(): Promise<void>;
}

function note(operation: unknown): void {
  const { session } = operation as { session?: Session };
  if (session?.inTransaction?.()) lives.getStore()?.sessions.add(session);
}
