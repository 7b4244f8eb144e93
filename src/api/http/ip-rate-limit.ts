import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { rateLimited, readNetwork } from '../../services/account/rate-limit.ts';

const MINUTE = 60_000;
const MOST = 20_000;

interface Window {
  start: Moment;
  count: number;
}

const calls = new Map<string, Window>();

/**
 * Counts a call of an IP address, in this process alone: a shared counter would cost a write for
 * each call. Over all instances the throttling of API Gateway is the limit.
 * @throws AppError RATE_LIMITED
 */
export function countCall(ctx: Ctx): void {
  const key = readNetwork(ctx.ip);
  let window = calls.get(key);
  if (!window || !isWithin(window.start, MINUTE)) {
    if (calls.size >= MOST) calls.delete(calls.keys().next().value as string);
    window = { start: markMoment(), count: 0 };
    calls.set(key, window);
  }
  if (++window.count > config.callsPerMinute)
    throw rateLimited((MINUTE - (performance.now() - window.start.steady)) / 1000);
}
