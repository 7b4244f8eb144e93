import { collectErrors } from '../../collect-errors.ts';
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
  const { attempt, finish } = collectErrors();
  const report = await attempt(verifyLedger);
  if (report?.fault) ctx.log.error('The ledger is wrong.', { alarm: 'LEDGER', ...report.fault });
  const isLate = () => timeLeft() < RESERVE_MS;
  const recounted = await attempt(() => recountAllowances(ctx, isLate));
  finish();
  return { accounts: 0, entries: 0, ...report, recounted: recounted ?? 0 };
}
