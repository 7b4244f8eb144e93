import type { Ctx } from '../../context.ts';
import { idText, newId } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences, confirmReferences } from '../../data/references.ts';
import { insert } from '../../data/write.ts';
import { Export } from '../../models/exports/export.ts';
import { startRun } from '../jobs/start-run.ts';
import { withAllowance } from '../metering/allowances/with-allowance.ts';
import { renderExport } from './export-job.ts';
import { describeOrigin } from './find-origin.ts';
import { hashPlan } from './hash-plan.ts';
import { type AskedExport, type ExportDoc, makePlan } from './make-plan.ts';
import type { ExportPlan } from './plan.ts';
import { priceExport } from './price.ts';
import { KEPT_MS } from './publish.ts';
import { copyResult, findSame } from './share.ts';

/** S3 copies that many bytes while the caller waits; more are copied by the job. */
const MOST_COPIED = 256 * 1024 * 1024;
/** In ms. */
const PATIENCE = 10_000;

/**
 * Starts an export whose settings are right; one that has been rendered already, of the same, is complete at
 * once. @throws AppError VALIDATION_FAILED naming every fault
 */
export async function startExport(ctx: Ctx, asked: AskedExport): Promise<ExportDoc> {
  const { promisedId } = ctx;
  const stored = promisedId && (await findOne(ctx, Export, { _id: promisedId }));
  if (stored) return stored;
  const { plan, seconds } = await makePlan(ctx, asked);
  const shared = await shareResult(ctx, asked, plan);
  if (shared) return shared;
  return withAllowance(ctx, asked.user, { renders: 1 }, () =>
    startRun(ctx, Export, renderExport, { ...asked }, priceExport(ctx, plan, seconds)),
  );
}

async function shareResult(
  ctx: Ctx,
  asked: AskedExport,
  plan: ExportPlan,
): Promise<ExportDoc | null> {
  const same = await findSame(ctx, asked.user, hashPlan(plan));
  if (!same || (same.size ?? 0) > MOST_COPIED) return null;
  await checkReferences(ctx, Export, { ...asked }, true);
  const _id = ctx.promisedId ?? newId(ctx.clock());
  const folder = folderIn('exports', asked.user, _id);
  const result = await copyResult(same, folder, AbortSignal.timeout(PATIENCE));
  if (!result) return null;
  const now = new Date(ctx.clock());
  const done = { status: 'COMPLETED', progress: 100, startedAt: now, completedAt: now };
  const times = { expiresAt: KEPT_MS };
  const origin = describeOrigin('origin' in plan ? plan.origin : undefined);
  const lineage = { ...origin, job: idText(result.job), cost: 0 };
  const values = { ...asked, ...result, ...done, lineage, _id };
  const document = await insert(ctx, Export, values, 'create', times);
  await confirmReferences(ctx, Export, document);
  return document;
}
