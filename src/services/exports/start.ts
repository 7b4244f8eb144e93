import type { Ctx } from '../../context.ts';
import { idText, newId } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences, confirmReferences } from '../../data/references.ts';
import { insert } from '../../data/write.ts';
import { invalid, notFound } from '../../errors.ts';
import { Export } from '../../models/exports/export.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { type RunOptions, startRun } from '../jobs/start-run.ts';
import { withAllowance } from '../metering/allowances/with-allowance.ts';
import { renderExport } from './export-job.ts';
import { findAwaited } from './find-awaited.ts';
import { describeOrigin } from './find-origin.ts';
import { hashPlan } from './hash-plan.ts';
import { KEPT_MS } from './kept.ts';
import { type AskedExport, type ExportDoc, makePlan } from './make-plan.ts';
import type { ExportPlan } from './plan.ts';
import { isPricedByLength, priceExport } from './price.ts';
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
  const stored = await findPromised(ctx);
  if (stored) return stored;
  const { plan, seconds } = await makePlan(ctx, asked);
  const shared = await shareResult(ctx, asked, plan);
  if (shared) return shared;
  return startRender(ctx, asked, priceExport(ctx, plan, seconds));
}

/**
 * Starts an export by its job, which copies what was rendered already. @throws AppError VALIDATION_FAILED
 * naming every fault
 */
export async function startExportJob(
  ctx: Ctx,
  asked: AskedExport,
  how: RunOptions,
): Promise<JobDoc> {
  const document = (await findPromised(ctx)) ?? (await planAndRender(ctx, asked, how));
  const job = document.job && (await findOne(ctx, Job, { _id: document.job }));
  if (!job) throw notFound();
  return job;
}

async function planAndRender(ctx: Ctx, asked: AskedExport, how: RunOptions): Promise<ExportDoc> {
  const awaited = await findAwaited(ctx, asked.user, how.after);
  const { plan, seconds, isWhole } = await makePlan(ctx, { ...asked, awaited });
  if (!isWhole && isPricedByLength(ctx, plan)) {
    const message = 'has to complete first: what it costs depends on how long that is';
    throw invalid([{ path: 'after', message }]);
  }
  return startRender(ctx, asked, priceExport(ctx, plan, seconds), how);
}

/** This very request may have stored it before it was cut off. */
async function findPromised(ctx: Ctx): Promise<ExportDoc | null> {
  return ctx.promisedId ? findOne(ctx, Export, { _id: ctx.promisedId }) : null;
}

function startRender(
  ctx: Ctx,
  asked: AskedExport,
  price: number,
  how: RunOptions = {},
): Promise<ExportDoc> {
  return withAllowance(ctx, asked.user, { renders: 1 }, () =>
    startRun(ctx, Export, renderExport, { ...asked }, price, how),
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
