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

/** What every call carries: who asks, under which request, at what time, inside which transaction. */
export interface Ctx {
  actor: Actor;
  requestId: string;
  ip?: string | undefined;
  userAgent?: string | undefined;
  clock: Clock;
  /** When the caller stops waiting for the answer, by the clock; `Infinity` where nobody waits. */
  deadline: number;
  log: Logger;
  /** The running transaction, when there is one. */
  session?: ClientSession;
  /** An id promised to this request before (idempotent create): the first document made takes it. */
  promisedId?: UUID | undefined;
  /** Told before the first write is sent to the database: what failed before has changed nothing. */
  noteWrite?: () => void;
}

/** A context for our own code. */
export function systemCtx(name: string, requestId?: string): Ctx {
  const clock = Date.now;
  return {
    actor: { kind: 'SYSTEM', name },
    requestId: requestId ?? newId(clock()).toHexString(),
    clock,
    deadline: Number.POSITIVE_INFINITY,
    log,
  };
}
