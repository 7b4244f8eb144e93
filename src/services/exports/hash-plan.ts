import { createHash } from 'node:crypto';
import type { ExportPlan } from './plan.ts';

/** Raised when the same plan is rendered into another file than before. */
const VERSION = 2;

/** Hashes all that a file is made of: exports with the same come out the same. */
export function hashPlan(plan: ExportPlan): string {
  return createHash('sha256')
    .update(JSON.stringify([VERSION, plan]))
    .digest('hex');
}
