import type { Ctx } from '../../../context.ts';
import type { Credits } from '../../billing/accounts.ts';
import { readPrices } from '../../billing/prices.ts';
import { priceRun } from './price.ts';
import { type AskedExecution, findAsked, planExecution } from './start-execution.ts';

/** What an execution costs at most: a run that takes less time than is held costs less. */
export interface ExecutionEstimate {
  credits: Credits;
  /** For how long of a run they are. */
  gpuSeconds: number;
  priceVersion: string;
}

/** Says what an execution would cost, without starting it. @throws AppError VALIDATION_FAILED naming every fault */
export async function estimateExecution(
  ctx: Ctx,
  asked: AskedExecution,
): Promise<ExecutionEstimate> {
  const revision = await findAsked(ctx, asked.workflow);
  await planExecution(ctx, asked, revision);
  const { creditCost, gpuSeconds } = revision;
  const credits = priceRun(ctx, { creditCost, gpuSeconds });
  return { credits, gpuSeconds, priceVersion: readPrices(ctx).version };
}
