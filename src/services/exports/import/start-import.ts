import type { Ctx } from '../../../context.ts';
import { newId, type UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { transaction } from '../../../data/transaction.ts';
import { update } from '../../../data/write.ts';
import { type Fault, invalid } from '../../../errors.ts';
import { Job, type JobDoc } from '../../../models/jobs/job.ts';
import { SETTLED } from '../../../models/media/media-fields.ts';
import { ProjectImport } from '../../../models/projects/project-import.ts';
import { enqueue, ringJobs } from '../../jobs/queue.ts';
import type { RunOptions } from '../../jobs/start-run.ts';
import { importProject } from './import-job.ts';

/** An import whose ZIP was uploaded, to be made into a project again. */
export interface AskedImport {
  user: UUID;
  import: UUID;
}

/**
 * Makes the ZIP of an import into a further project, by a job; one that it was made into before stays.
 * @throws AppError VALIDATION_FAILED where it has no ZIP, or is under way
 */
export async function startImportJob(
  ctx: Ctx,
  asked: AskedImport,
  how: RunOptions,
): Promise<JobDoc> {
  const { user, import: document } = asked;
  // This very request may have stored it before it was cut off.
  const stored = ctx.promisedId && (await findOne(ctx, Job, { _id: ctx.promisedId, user }));
  if (stored) return stored;
  const etag = (await findImport(ctx, asked))?.object?.etag;
  const _id = ctx.promisedId ?? newId(ctx.clock());
  const job = await transaction(ctx, async (tx) => {
    const settled = { _id: document, user, status: { $in: SETTLED }, 'object.etag': etag };
    const set = { status: 'PROCESSING', progress: 0, 'object.job': _id };
    // A run takes away what it finds here: that of the last import is not its own.
    const change = { set, unset: ['error', 'project', 'mediaCount'] };
    if (!etag || !(await update(tx, ProjectImport, settled, change, 'import')))
      throw invalid(await findImportFaults(ctx, asked));
    const input = { entity: ProjectImport.name, document, etag };
    return enqueue(tx, importProject, { ...how, _id, input, user, isAsked: true });
  });
  await ringJobs(ctx, job, how.delay);
  return job;
}

/** Why an import cannot be started. */
export async function findImportFaults(
  ctx: Ctx,
  asked: Partial<AskedImport> & Pick<AskedImport, 'user'>,
): Promise<Fault[]> {
  if (!asked.import) return [];
  const found = await findImport(ctx, { user: asked.user, import: asked.import });
  const path = 'import';
  if (!found) return [{ path, message: 'there is no such import' }];
  if (found.object?.etag && SETTLED.includes(found.status)) return [];
  return [{ path, message: `is ${found.status}: its ZIP has to be uploaded, and READY or FAILED` }];
}

function findImport(ctx: Ctx, { user, import: _id }: AskedImport) {
  return findOne(ctx, ProjectImport, { _id, user }, WHOLE);
}
