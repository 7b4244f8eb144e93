import type { Ctx } from '../../context.ts';
import { recountAllowances } from '../metering/allowances/recount.ts';
import { type LedgerReport, verifyLedger } from './verify.ts';

/** The check stops when this much of the function's time is left, in ms. */
const RESERVE_MS = 60_000;

/** Recounts allowances, and reads the whole ledger; what is wrong in that raises an alarm, and nobody changes it. */
export async function checkAccounts(
  ctx: Ctx,
  timeLeft: () => number,
): Promise<LedgerReport & { recounted: number }> {
  const report = await verifyLedger();
  if (report.fault) ctx.log.error('The ledger is wrong.', { alarm: 'LEDGER', ...report.fault });
  const recounted = await recountAllowances(ctx, () => timeLeft() < RESERVE_MS);
  return { ...report, recounted };
}
