import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { recountRefused } from '../metering/allowances/recount-refused.ts';
import { tellCapped } from '../metering/allowances/tell-capped.ts';
import { expireHolds } from './expire-holds.ts';
import { expireLots } from './expire-lots.ts';
import { alarmSpending } from './spending.ts';

/** The counts of one run. */
interface Tended {
  /** Holds of jobs that are gone. */
  holds: number;
  /** Credits whose time is over, by their lots. */
  lots: number;
  /** Counts of allowances that were wrong. */
  recounted: number;
  /** Accounts that had spent as much as they may in a day. */
  capped: number;
}

/** Returns what is held for nothing, expires credits, puts counters right that stood in the way, raises alarms. */
export async function tendAccounts(ctx: Ctx): Promise<Tended> {
  const { attempt, finish } = collectErrors();
  const holds = await attempt(() => expireHolds(ctx));
  const lots = await attempt(() => expireLots(ctx));
  const recounted = await attempt(() => recountRefused(ctx));
  const capped = await attempt(() => tellCapped(ctx));
  await attempt(() => alarmSpending(ctx));
  finish();
  return { holds: holds ?? 0, lots: lots ?? 0, recounted: recounted ?? 0, capped: capped ?? 0 };
}
