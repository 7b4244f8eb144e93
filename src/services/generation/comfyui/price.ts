import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import { findOne } from '../../../data/read.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import type { JobDoc } from '../../../models/jobs/job.ts';
import type { Credits } from '../../billing/accounts.ts';
import { computePrice } from '../../billing/prices.ts';
import type { ExecutionInput } from './execution-input.ts';
import type { ExecutionDoc } from './open-run.ts';

/** The name under which `PRICES` has what an execution costs. */
export const PRICED_AS = 'execute-workflow';

/**
 * What an execution costs at most: what its workflow costs, and, by the prices of now, each execution and the
 * seconds of a graphics processor that are held for it.
 */
export async function findPrice(ctx: Ctx, { document }: ExecutionInput): Promise<number> {
  const projection = { workflow: 1, heldGpuSeconds: 1 };
  const run = await findOne(ctx, ComfyUIWorkflowExecution, { _id: document }, { projection });
  const of = { _id: run?.workflow };
  const only = { projection: { creditCost: 1 } };
  const workflow = run && (await findOne(ctx, ComfyUIWorkflowConfig, of, only));
  const gpuSeconds = run?.heldGpuSeconds ?? 0;
  return priceRun(ctx, { creditCost: workflow?.creditCost ?? 0, gpuSeconds });
}

/** What an execution costs of a workflow that costs so much, and for which so many seconds are held. */
export function priceRun(
  ctx: Ctx,
  { creditCost, gpuSeconds }: { creditCost: number; gpuSeconds: number },
): Credits {
  return creditCost + computePrice(ctx, PRICED_AS, { gpuSeconds });
}

/** How many seconds of a run are held, where these cost something: it has no more. Undefined where they do not. */
export function readHeldSeconds(
  ctx: Ctx,
  job: Pick<JobDoc, 'quote' | 'priceVersion'>,
  { heldGpuSeconds }: Pick<ExecutionDoc, 'heldGpuSeconds'>,
): number | undefined {
  if (!job.quote || readSecondPrice(ctx, job) === 0) return undefined;
  return heldGpuSeconds ?? undefined;
}

/** What a second of a run costs, by the price at which its job was quoted. */
function readSecondPrice(ctx: Ctx, { priceVersion }: Pick<JobDoc, 'priceVersion'>): number {
  const list = config.prices.findLast(({ version, from }) =>
    priceVersion ? version === priceVersion : from.getTime() <= ctx.clock(),
  );
  return list?.prices[PRICED_AS]?.gpuSecond ?? 0;
}

/**
 * What a run has cost in the end: what was quoted, less the seconds that were held and not used, at the price by
 * which they were held. A run that tells no time has used all of them.
 */
export function computeCost(
  ctx: Ctx,
  job: Pick<JobDoc, 'quote' | 'priceVersion'>,
  { heldGpuSeconds, runSeconds }: Pick<ExecutionDoc, 'heldGpuSeconds' | 'runSeconds'>,
): number {
  const price = readSecondPrice(ctx, job);
  const held = heldGpuSeconds ?? 0;
  const unused = Math.max(0, held - (runSeconds ?? held));
  // A sum of fractions may be a hair above the whole number that it is.
  return Math.max(0, Math.ceil((job.quote ?? 0) - unused * price - 1e-9));
}
