import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findStandingSessions } from '../../services/news/standing-sessions.ts';

/** Why a stream ends. TIME: it was open for as long as may be; JOB_ENDED: so has the job of its ticket. */
export type End = 'TIME' | 'SIGNED_OUT' | 'JOB_ENDED' | 'GONE';

/** One who listens, as others wake or end him. */
export interface Listener {
  session: UUID;
  end?: End;
  wake(): void;
  /** Waits until it is woken, so many ms at most; not at all if it was woken since the last time. */
  sleep(ms: number): Promise<void>;
}

/** How often it is checked that sessions stand, in ms: a stream ends within 5 s of its session. */
const CHECK = 3000;

const listeners = new Set<Listener>();
let timer: NodeJS.Timeout | undefined;

/** Adds a listener, whose stream ends with its session. @returns what takes it away */
export function addListener(ctx: Ctx, session: UUID): { listener: Listener; remove(): void } {
  let isWoken = false;
  let resume: (() => void) | undefined;
  const listener: Listener = {
    session,
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
  timer ??= setInterval(() => void checkSessions(ctx), CHECK);
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
