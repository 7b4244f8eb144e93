import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { findMany, findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { deleteUnder, head } from '../../providers/s3.ts';
import { ringSealer } from '../audit/chain.ts';
import { ringJobs } from '../jobs/queue.ts';
import { buildFolder, parseOriginalKey } from '../media/keys.ts';
import { isVersion, listMediaEntities, type Medium } from '../media/medium.ts';
import { planProcessing } from '../media/process-job.ts';
import { isTrashed } from '../media/trash.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';

/** What S3 tells of an object that was written. */
export interface ObjectRecord {
  key: string;
  /** Hexadecimal; of two records of one key, the greater is the newer. */
  sequencer: string;
}

/**
 * Takes note that bytes have arrived: the medium is PROCESSING and has a job, in one transaction. May be
 * told any number of times and in any order; what is there is asked of S3, never believed of the record.
 */
export async function noteUpload(ctx: Ctx, record: ObjectRecord): Promise<void> {
  const place = parseOriginalKey(record.key);
  const entity = listMediaEntities().find((e) => e.collectionName === place?.collection);
  if (!place || !entity) return;
  const found = await head(record.key);
  if (!found) return;
  const mine = { _id: place.id, user: place.user };
  const medium = await findOne(ctx, entity, mine);
  if (!medium && isVersion(entity)) return; // They may be the medium's own by now: the nightly check knows.
  if (!medium) {
    // Looked for once more, as it may have been restored just in between.
    if ((await isTrashed(ctx, place.id)) || (await findOne(ctx, entity, mine))) return;
    // Bytes of a medium that is gone: a URL outlives the document it was made for.
    await deleteUnder(buildFolder(entity, place.user, place.id));
    return;
  }
  const sequencer = record.sequencer.toUpperCase().padEnd(32, '0');
  const next = planProcessing(ctx, entity, medium, found.etag);
  const object = { etag: found.etag, sequencer, job: next.id };
  const set = { status: 'PROCESSING', progress: 0, object };
  const job = await transaction(ctx, async (tx) => {
    const document = await update(
      tx,
      entity,
      {
        ...mine,
        // Else they have changed places with those of a version, and are known.
        filePath: record.key,
        'object.etag': { $ne: found.etag },
        // Absent fields compare as null: the first record of a medium always counts.
        $or: [
          { 'object.sequencer': { $exists: false } },
          { 'object.sequencer': { $lt: sequencer } },
        ],
      },
      { set, unset: ['error'] },
      'upload',
    );
    if (!document) return null;
    return next.enqueue(tx);
  });
  if (!job) return;
  await ringJobs(ctx, job._id);
  await ringSealer(ctx);
}

/**
 * Asks S3 for media whose upload was never heard of: an event can be lost. Those that nobody uploaded
 * within a day are deleted. Returns how many it looked at.
 */
export async function findLostUploads(ctx: Ctx): Promise<number> {
  let seen = 0;
  for (const entity of listMediaEntities()) {
    const now = ctx.clock();
    // As long as a URL may hold and its upload may last.
    const recent = await findAwaiting(ctx, entity, { $gt: new Date(now - 2 * HOUR) }, -1);
    // Whoever asks for new URLs goes on with an upload: the day begins again.
    const dayAgo = { $lt: new Date(now - 24 * HOUR) };
    const forgotten = await findAwaiting(ctx, entity, dayAgo, 1);
    const all = [...recent, ...forgotten];
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const some = all.slice(i, i + AT_ONCE);
      await Promise.all(some.map((m) => noteUpload(ctx, { key: m.filePath, sequencer: '' })));
    }
    for (const { _id } of forgotten) {
      // The job that sweeps it ends an upload in parts, too.
      const unheard = { _id, status: 'AWAITING_UPLOAD', updatedAt: dayAgo };
      await removeAndSweep(ctx, entity, unheard);
    }
    seen += recent.length + forgotten.length;
  }
  return seen;
}

const HOUR = 3600 * 1000;
/** How many objects are asked for at once. */
const AT_ONCE = 16;

async function findAwaiting(
  ctx: Ctx,
  entity: Entity<Medium>,
  updatedAt: object,
  direction: 1 | -1,
): Promise<Medium[]> {
  return findMany(
    ctx,
    entity,
    { status: 'AWAITING_UPLOAD', updatedAt },
    {
      projection: { filePath: 1 },
      sort: { updatedAt: direction },
      limit: 1000,
      hint: 'awaiting',
    },
  );
}
