import type { ClientSession } from 'mongoose';
import type { UUID } from './data/ids.ts';
import { newId } from './data/ids.ts';
import { type Logger, log } from './providers/log.ts';

/** Who acts. `SYSTEM` is our own code on a schedule or a job, `PROVIDER` an outside service calling back. */
export type Actor =
  | { kind: 'USER' | 'ADMIN'; id: UUID; session: UUID }
  | { kind: 'ANONYMOUS' }
  | { kind: 'SYSTEM'; name: string }
  | { kind: 'PROVIDER'; name: string };

/** Milliseconds since 1970. */
type Clock = () => number;

/** Something outside of a transaction that follows from how it ended. */
type Effect = () => Promise<void>;

/** What every call carries: who asks, under which request, at what time, inside which transaction. */
export interface Ctx {
  actor: Actor;
  requestId: string;
  ip?: string | undefined;
  userAgent?: string | undefined;
  /**
   * The host's clock; only tests give another. What processes share goes by `databaseTime`, and what
   * one remembers for a while by `Moment`: this one differs from other hosts' and jumps.
   */
  clock: Clock;
  /** When the caller stops waiting for the answer, by `performance.now()`; `Infinity` where nobody waits. */
  deadline: number;
  log: Logger;
  /** The running transaction, when there is one. */
  session?: ClientSession;
  /** What happens outside of the running transaction once it is committed, or undone. */
  effects?: { committed: Effect[]; undone: Effect[] };
  /** The operation of the API that is called: `listTracks`. */
  operation?: string;
  /** The job that it is done for, the parent of a child job: events name it. */
  job?: UUID;
  /** An id promised to this request before (idempotent create): the first document made takes it. */
  promisedId?: UUID | undefined;
  /** Names this request by its sender and Idempotency-Key: the same whenever it is sent, also years later. */
  requestKey?: string;
  /** Told before the first write is sent to the database: what failed before has changed nothing. */
  noteWrite?: () => void;
}

/** The clock of this machine. */
export const hostClock: Clock = () => Date.now();

/** A context for our own code. */
export function systemCtx(name: string, requestId?: string): Ctx {
  return {
    actor: { kind: 'SYSTEM', name },
    requestId: requestId ?? newId(hostClock()).toHexString(),
    clock: hostClock,
    deadline: Number.POSITIVE_INFINITY,
    log,
  };
}
