import type { Actor, Ctx } from '../../context.ts';
import { isConnected } from '../../data/connection.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { type Amount, insertFacts, type NewFact } from '../../services/metering/insert-facts.ts';

/**
 * How often a process writes what it has counted, in ms. So much is lost where it is killed, or frozen and never
 * woken: the calls since it last wrote, of ten seconds at most. Its first call is written at once.
 */
const EVERY = 10_000;
/** How long that may take, in ms: it is awaited by the call that is due. */
const PATIENCE = 1000;
/** The most users, and kinds of answers, that a process remembers: then it writes earlier. */
const MOST_USERS = 1000;
const MOST_KINDS = 200;
/** A longer time counts as this, in ms. */
const LONGEST = 60_000;

/** A call that has been answered. */
interface Answered {
  actor: Actor;
  operation: string;
  status: number;
  /** The code of an error. */
  code?: string | undefined;
  ms: number;
}

/** How often a value came. */
type Counts = Map<number, number>;

interface Window {
  since: Date;
  /** Calls by user; of nobody under an empty key. */
  users: Map<string, { user?: UUID; calls: number }>;
  times: Map<string, { operation: string; status: string; ms: Counts }>;
  failures: Map<string, { operation: string; code: string; calls: number }>;
}

/** Counts calls in this process. */
export interface CallMeter {
  /** Counts a call, and writes what was counted where that is due. Never rejects. */
  meterCall(ctx: Ctx, call: Answered): Promise<void> | undefined;
  /** Writes what was counted, due or not. */
  flushCalls(ctx: Ctx): Promise<void>;
}

export function createCallMeter(write: typeof insertFacts = insertFacts): CallMeter {
  let window: Window | undefined;
  let written: Moment | undefined;
  let unwritten: NewFact[] = [];
  let isWriting = false;

  function meterCall(ctx: Ctx, call: Answered): Promise<void> | undefined {
    window ??= openWindow(ctx);
    count(window, call);
    const isFull = window.users.size >= MOST_USERS || window.times.size >= MOST_KINDS;
    const isEarly = written && isWithin(written, EVERY) && !isFull;
    return isEarly || isWriting || !isConnected() ? undefined : flushCalls(ctx);
  }

  async function flushCalls(ctx: Ctx): Promise<void> {
    isWriting = true;
    written = markMoment();
    // What may have been written before has the same ids: it is counted once.
    const facts = [...unwritten, ...(window ? listFacts(ctx, window) : [])];
    window = undefined;
    try {
      await write(ctx, facts, { timeoutMS: PATIENCE, writeConcern: { w: 1 } });
      unwritten = [];
    } catch (error) {
      unwritten = facts.slice(-MOST_USERS);
      ctx.log.warn('Calls could not be metered; the next try is in ten seconds.', {
        error: error as Error,
      });
    } finally {
      isWriting = false;
    }
  }

  return { meterCall, flushCalls };
}

function openWindow(ctx: Ctx): Window {
  const none = { users: new Map(), times: new Map(), failures: new Map() };
  return { since: new Date(ctx.clock()), ...none };
}

function count(window: Window, { actor, operation, status, code, ms }: Answered): void {
  const user = actor.kind === 'USER' || actor.kind === 'ADMIN' ? actor.id : undefined;
  const key = user ? idText(user) : '';
  const caller = window.users.get(key) ?? { ...(user && { user }), calls: 0 };
  caller.calls++;
  window.users.set(key, caller);

  const kind = `${operation} ${status}`;
  const times = window.times.get(kind) ?? { operation, status: String(status), ms: new Map() };
  const value = roundTime(ms);
  times.ms.set(value, (times.ms.get(value) ?? 0) + 1);
  window.times.set(kind, times);

  if (!code) return;
  const failure = window.failures.get(`${operation} ${code}`) ?? { operation, code, calls: 0 };
  failure.calls++;
  window.failures.set(`${operation} ${code}`, failure);
}

/** Whole ms, to two digits: as exact as the stats are, and few values to write. */
function roundTime(ms: number): number {
  const whole = Math.min(LONGEST, Math.max(1, Math.round(ms)));
  return whole < 100 ? whole : Number(whole.toPrecision(2));
}

function listFacts(ctx: Ctx, { since, users, times, failures }: Window): NewFact[] {
  const make = (amounts: Amount[], user?: UUID): NewFact => ({
    ...{ _id: newId(ctx.clock()), at: since, amounts },
    ...(user && { user }),
  });
  const nobody = users.get('')?.calls ?? 0;
  const ofApp: Amount[] = [
    ...(nobody > 0 ? [{ metric: 'calls', amount: nobody } as const] : []),
    ...[...times.values()].map(
      ({ operation, status, ms }): Amount => ({
        ...{ metric: 'calls.time', dimensions: { operation, status } },
        ...{ amount: sumUp(ms), values: [...ms.keys()], counts: [...ms.values()] },
      }),
    ),
    ...[...failures.values()].map(
      ({ operation, code, calls }): Amount => ({
        ...{ metric: 'calls.failed', amount: calls, dimensions: { operation, code } },
      }),
    ),
  ];
  const ofUsers = [...users.values()].filter(({ user }) => user);
  return [
    make(ofApp),
    ...ofUsers.map(({ user, calls }) => make([{ metric: 'calls', amount: calls }], user)),
  ];
}

function sumUp(counts: Counts): number {
  return [...counts].reduce((sum, [value, times]) => sum + value * times, 0);
}

/** The meter of this process. */
export const { meterCall, flushCalls } = createCallMeter();
