import type { Ctx } from '../../context.ts';
import type { Credits } from '../billing/accounts.ts';
import { computePrice, type Units } from '../billing/prices.ts';
import type { ExportPlan } from './plan.ts';

const GIGA = 1e9;

/** What an export costs at the prices of now: by its length, its pictures, or the bytes of an archive. */
export function priceExport(ctx: Ctx, plan: ExportPlan, seconds: number): Credits {
  return computePrice(ctx, 'export', measureExport(plan, seconds));
}

/** Whether what an export costs depends on how long it is. */
export function isPricedByLength(ctx: Ctx, plan: ExportPlan): boolean {
  return priceExport(ctx, plan, 0) !== priceExport(ctx, plan, 36_000);
}

function measureExport(plan: ExportPlan, seconds: number): Units {
  if (plan.format === 'ZIP') {
    return { gigabytes: plan.sources.reduce((sum, { size }) => sum + size, 0) / GIGA };
  }
  const { picture } = plan;
  const pixels = picture ? picture.width * picture.height * picture.fps * seconds : 0;
  return { minutes: seconds / 60, gigapixels: pixels / GIGA };
}
