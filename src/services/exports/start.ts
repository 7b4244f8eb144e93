import type { Ctx } from '../../context.ts';
import { Export } from '../../models/exports/export.ts';
import { startRun } from '../jobs/start-run.ts';
import { renderExport } from './export-job.ts';
import { type AskedExport, type ExportDoc, makePlan } from './make-plan.ts';

export type { AskedExport };

/** Starts an export whose settings are right. @throws AppError VALIDATION_FAILED naming every fault */
export async function startExport(ctx: Ctx, asked: AskedExport): Promise<ExportDoc> {
  await makePlan(ctx, asked);
  return startRun(ctx, Export, renderExport, { ...asked });
}
