import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { computePrice, readPrices } from '../billing/prices.ts';
import type { JobType } from './job-type.ts';

type Asked = { user?: UUID | null | undefined; parent?: unknown; quote?: number | undefined };

/**
 * What a job costs at most, in whole credits: as its type says, or else as the configuration says of each job of
 * the type. A child is part of what its parent costs; the system's own work costs nobody anything.
 */
export async function quoteJob<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  { user, parent, quote }: Asked,
  input: I,
): Promise<number | undefined> {
  if (!user || parent) return undefined;
  return (quote ?? (await priceJob(ctx, type, input))) || undefined;
}

/** What a job of this type and input costs at most, at the prices of now. */
export async function priceJob<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  input: I,
): Promise<number> {
  return type.price ? type.price(ctx, input) : computePrice(ctx, type.name, {});
}

/** Whether jobs of this type may cost something. */
export function isPriced<I extends object>(ctx: Ctx, type: JobType<I>): boolean {
  return type.price !== undefined || type.name in readPrices(ctx).prices;
}
