import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import type { JobPrice, PriceList } from '../../prices.ts';
import type { Credits } from './accounts.ts';

/** How much of what prices are for a job takes. */
export interface Units {
  minutes?: number;
  gigapixels?: number;
  gigabytes?: number;
  gpuSeconds?: number;
  thousandTokens?: number;
}

/** The prices of now. */
export function readPrices(ctx: Ctx): PriceList {
  const now = ctx.clock();
  // The first one begins before all time.
  return config.prices.findLast(({ from }) => from.getTime() <= now) as PriceList;
}

/** What a job of this type costs that takes so much, in whole credits, rounded up. */
export function computePrice(ctx: Ctx, type: string, units: Units): Credits {
  const price: JobPrice = readPrices(ctx).prices[type] ?? {};
  const { minutes = 0, gigapixels = 0, gigabytes = 0, gpuSeconds = 0, thousandTokens = 0 } = units;
  const sum =
    (price.job ?? 0) +
    minutes * (price.minute ?? 0) +
    gigapixels * (price.gigapixel ?? 0) +
    gigabytes * (price.gigabyte ?? 0) +
    gpuSeconds * (price.gpuSecond ?? 0) +
    thousandTokens * (price.thousandTokens ?? 0);
  // A sum of fractions may be a hair above the whole number that it is.
  return Math.max(0, Math.ceil(sum - 1e-9));
}
