import { AppError } from '../errors.ts';

/** How long the database may take, in ms. */
export interface Patience {
  /** Until there is a server to ask: one that is restarted, or the next primary. */
  server: number;
  /** One attempt of a call; the driver retries once. */
  call: number;
  /** A call with its retry, or a transaction. */
  total: number;
}

/** For requests: a call to an unreachable server fails within 5 s. */
export const INTERACTIVE: Patience = { server: 2400, call: 2400, total: 4500 };
/** For queues and schedules, where nobody waits. A new primary is there within some 12 s. */
export const BACKGROUND: Patience = { server: 15_000, call: 30_000, total: 120_000 };
/** For migrations: building an index may take long. A day. */
export const MIGRATING: Patience = { ...BACKGROUND, call: 86_400_000, total: 86_400_000 };

let patience = INTERACTIVE;

/** Sets how long this process waits for the database. */
export function setPatience(wanted: Patience): void {
  patience = wanted;
}

/** `maxTimeMS` of a read: the server gives up before the driver does. */
export function getReadDeadline(): number {
  return patience.call - 400;
}

/**
 * Limits the time of a call as a whole: the driver has timeouts of its own for the queue, the
 * selection of a server and each attempt, which add up. A write that was sent may still happen.
 * @throws AppError UNAVAILABLE
 */
export function withDeadline<T>(call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = 'The database did not answer in time.';
      reject(new AppError('UNAVAILABLE', message, { retryAfter: 2 }));
    }, patience.total);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
