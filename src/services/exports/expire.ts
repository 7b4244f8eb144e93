import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { folderIn } from '../../data/objects.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Export } from '../../models/exports/export.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { sweep } from '../removal/sweep-job.ts';

/** Takes the files of exports away whose time is over, at most a hundred. Returns how many. */
export async function expireExports(ctx: Ctx): Promise<number> {
  const isOver = { status: 'COMPLETED', ...hasCome(ctx, 'expiresAt') };
  const expired = await findMany(ctx, Export, isOver, {
    projection: { _id: 1, user: 1 },
    sort: { expiresAt: 1 },
    limit: 100,
  });
  for (const { _id, user } of expired) {
    const job = await transaction(ctx, async (tx) => {
      const change = { set: { status: 'EXPIRED' }, unset: ['filePath', 'fingerprint'] };
      if (!(await update(tx, Export, { _id, ...isOver }, change, 'expire'))) return null;
      const input = { entity: 'Export', documents: [], folders: [folderIn('exports', user, _id)] };
      return enqueue(tx, sweep, { input });
    });
    if (job) await ringJobs(ctx, job._id);
  }
  return expired.length;
}
