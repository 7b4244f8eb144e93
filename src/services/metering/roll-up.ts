import type { Ctx } from '../../context.ts';
import { loadHistograms } from './digest.ts';
import { rollUpApp } from './roll-up-app.ts';
import { rollUpUsers } from './roll-up-users.ts';
import { scanEntries } from './scan-entries.ts';

/** What one run did. */
export interface RollUpCounts {
  /** Entries of the ledger, and other documents that are not audited, that it looked at. */
  looked: number;
  /** New facts. */
  facts: number;
  /** Hours of the whole app. */
  hours: number;
}

/**
 * Brings the stats up to date. May run at any time, any number of times, also twice at once, and may be killed
 * anywhere: the next run goes on.
 */
export async function rollUp(ctx: Ctx, timeLeft: () => number): Promise<RollUpCounts> {
  await loadHistograms();
  const looked = await scanEntries(ctx, timeLeft);
  const facts = await rollUpUsers(ctx, timeLeft);
  const hours = await rollUpApp(ctx, timeLeft);
  return { looked, facts, hours };
}
