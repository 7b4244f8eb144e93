import { AppError } from '../errors.ts';

/** How long the database may take, in ms. */
export interface Patience {
  /** One try of a call; the driver tries again once. */
  call: number;
  /** A call with all its tries, or a transaction. */
  total: number;
}

/** Somebody waits: a black hole ends within 5 s. */
export const INTERACTIVE: Patience = { call: 2400, total: 4500 };
/** A queue or a schedule waits. */
export const BACKGROUND: Patience = { call: 30_000, total: 120_000 };
/** A migration: building an index takes as long as it takes. A day. */
export const MIGRATING: Patience = { call: 86_400_000, total: 86_400_000 };

let patience = INTERACTIVE;

/** Settles how long this process waits; the first word counts. */
export function setPatience(wanted: Patience): void {
  patience = wanted;
}

/** How long one try of a call may take, in ms. */
export function getCallDeadline(): number {
  return patience.call;
}

/** `maxTimeMS` of a read: the server gives up before the caller does. */
export function getReadDeadline(): number {
  return patience.call - 400;
}

/**
 * Ends a call that the driver would still wait for: it queues, selects a server and tries again, each in a
 * time of its own. What was sent may still happen. @throws AppError UNAVAILABLE
 */
export function withDeadline<T>(call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = 'The database does not answer in time.';
      reject(new AppError('UNAVAILABLE', message, { retryAfter: 2 }));
    }, patience.total);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
