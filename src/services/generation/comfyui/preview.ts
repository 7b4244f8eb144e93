import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { folderIn } from '../../../data/objects.ts';
import { findOne } from '../../../data/read.ts';
import { notFound } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { presignPlay } from '../../../providers/s3-links.ts';
import type { ExecutionDoc } from './open-run.ts';

/** How long the address of a preview works, in s: there is another one soon. */
const LINK_LASTS = 300;

/** The S3 key of the last preview of a run. */
export function buildPreviewKey({ _id, user }: Pick<ExecutionDoc, '_id' | 'user'>): string {
  return `${folderIn(ComfyUIWorkflowExecution.collectionName, user, _id)}preview`;
}

/** The address of the last preview of a run, and when that came. @throws AppError NOT_FOUND */
export async function findPreview(
  ctx: Ctx,
  filter: TypedFilter,
): Promise<{ url: string; at: string }> {
  const found = await findOne(ctx, ComfyUIWorkflowExecution, filter);
  if (!found?.previewAt) throw notFound();
  const url = presignPlay(buildPreviewKey(found), LINK_LASTS);
  return { url, at: found.previewAt.toISOString() };
}
