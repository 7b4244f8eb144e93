import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { findStandingSessions } from '../../services/news/standing-sessions.ts';
import {
  RENEW_EVERY,
  renewStreamLeases,
  type StreamLease,
} from '../../services/news/stream-leases.ts';
import type { Ticket } from '../../services/news/tickets.ts';

/** Why a stream ends. TIME: it was open for as long as may be; JOB_ENDED: so has the job of its ticket. */
export type End = 'TIME' | 'SIGNED_OUT' | 'JOB_ENDED' | 'GONE';

/** One who listens, as others wake or end him. */
export interface Listener extends Pick<Ticket, 'session'> {
  lease: StreamLease;
  end?: End;
  wake(): void;
  /** Waits until it is woken, so many ms at most; not at all if it was woken since the last time. */
  sleep(ms: number): Promise<void>;
}

/** How often it is checked that sessions stand, in ms: a stream ends within 5 s of its session. */
const CHECK = 3000;

const listeners = new Set<Listener>();
let timer: NodeJS.Timeout | undefined;
let renewedAt: Moment | undefined;

/** Adds a listener, whose stream ends with its session. @returns what takes it away */
export function addListener(
  ctx: Ctx,
  { session }: Ticket,
  lease: StreamLease,
): { listener: Listener; remove(): void } {
  let isWoken = false;
  let resume: (() => void) | undefined;
  const listener: Listener = {
    session,
    lease,
    wake() {
      isWoken = true;
      resume?.();
    },
    async sleep(ms) {
      if (!isWoken && !listener.end) {
        const { promise, resolve } = Promise.withResolvers<void>();
        resume = resolve;
        const timeout = setTimeout(resolve, ms);
        await promise;
        clearTimeout(timeout);
        resume = undefined;
      }
      isWoken = false;
    },
  };
  listeners.add(listener);
  timer ??= setInterval(() => {
    void checkSessions(ctx);
    if (!renewedAt || !isWithin(renewedAt, RENEW_EVERY - CHECK / 2)) void renewLeases(ctx);
  }, CHECK);
  return {
    listener,
    remove() {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}

/** Ends a stream, if it does not end yet. */
export function endListener(listener: Listener, why: End): void {
  listener.end ??= why;
  listener.wake();
}

async function checkSessions(ctx: Ctx): Promise<void> {
  const asked = [...listeners];
  const sessions = new Map(asked.map(({ session }) => [idText(session), session]));
  try {
    const standing = await findStandingSessions(ctx, [...sessions.values()]);
    for (const listener of asked) {
      if (!standing.has(idText(listener.session))) endListener(listener, 'SIGNED_OUT');
    }
  } catch (error) {
    // The database cannot be reached: nothing is told meanwhile, either.
    ctx.log.warn('Whether sessions stand is not known.', { error: error as Error });
  }
}

async function renewLeases(ctx: Ctx): Promise<void> {
  renewedAt = markMoment();
  try {
    await renewStreamLeases(
      ctx,
      [...listeners].map(({ lease }) => lease),
    );
  } catch (error) {
    // They may run out, and others be let in meanwhile: it is tried again in time.
    ctx.log.warn('Which streams are open could not be told.', { error: error as Error });
  }
}
