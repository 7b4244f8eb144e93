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
  const holds = await expireHolds(ctx);
  const lots = await expireLots(ctx);
  const recounted = await recountRefused(ctx);
  const capped = await tellCapped(ctx);
  await alarmSpending(ctx);
  return { holds, lots, recounted, capped };
}
