import type { Ctx } from '../../context.ts';
import { hasCome, isToCome } from '../../data/database-time.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findMany, findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { deleteUnder, headObject } from '../../providers/s3.ts';
import { requestAppend } from '../audit/chain.ts';
import { ringJobs } from '../jobs/queue.ts';
import { buildFolder, parseOriginalKey } from '../media/keys.ts';
import { isVersion, listMediaEntities, type Medium } from '../media/medium.ts';
import { planProcessing } from '../media/process-job.ts';
import { isTrashed } from '../media/trash.ts';
import { giveBackAfterCommit } from '../metering/allowances/free.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';

/** An S3 event for a written object. */
export interface ObjectRecord {
  key: string;
  /** Hexadecimal; of two events for one key, the greater is the newer. */
  sequencer: string;
}

/**
 * Handles an upload: sets the medium to PROCESSING and enqueues its job, in one transaction.
 * Idempotent: events may be repeated or out of order, and the state of the object is read from S3,
 * not from the event.
 */
export async function noteUpload(ctx: Ctx, record: ObjectRecord): Promise<void> {
  const place = parseOriginalKey(record.key);
  const entity = listMediaEntities().find((e) => e.collectionName === place?.collection);
  if (!place || !entity) return;
  const found = await headObject(record.key);
  if (!found) return;
  const mine = { _id: place.id, user: place.user };
  const medium = await findOne(ctx, entity, mine);
  // The bytes of a version may belong to its medium by now, so they are left to the nightly check.
  if (!medium && isVersion(entity)) return;
  if (!medium) {
    // Read again, because it may have been restored from the trash between the two reads.
    if ((await isTrashed(ctx, place.id)) || (await findOne(ctx, entity, mine))) return;
    // A presigned URL outlives its document: these are bytes of a deleted medium.
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
        // Otherwise the object belongs to a version since a swap, and was handled before.
        filePath: record.key,
        'object.etag': { $ne: found.etag },
        // The first event of a medium always counts.
        $or: [
          { 'object.sequencer': { $exists: false } },
          { 'object.sequencer': { $lt: sequencer } },
        ],
      },
      { set, unset: ['error'] },
      'upload',
    );
    if (!document) return null;
    if (medium.status === 'AWAITING_UPLOAD') giveBackAfterCommit(tx, place.user, { uploads: 1 });
    return next.enqueue(tx);
  });
  if (!job) return;
  await ringJobs(ctx, job._id);
  await requestAppend(ctx);
}

/**
 * Looks in S3 for uploads whose event was lost. Where it may, deletes media that nobody uploaded
 * within a day. Returns how many media it checked.
 */
export async function findLostUploads(ctx: Ctx, mayDelete: boolean): Promise<number> {
  let seen = 0;
  for (const entity of listMediaEntities()) {
    // As long as a presigned URL is valid, plus the time of the upload.
    const recent = await findAwaiting(ctx, entity, isToCome(ctx, 'updatedAt', 2 * HOUR_MS), -1);
    // Requesting new URLs updates the document, so an upload that goes on is not deleted.
    const isDayAgo = hasCome(ctx, 'updatedAt', 24 * HOUR_MS);
    const forgotten = await findAwaiting(ctx, entity, isDayAgo, 1);
    const all = [...recent, ...forgotten];
    for (let i = 0; i < all.length; i += CONCURRENCY) {
      const some = all.slice(i, i + CONCURRENCY);
      await Promise.all(some.map((m) => noteUpload(ctx, { key: m.filePath, sequencer: '' })));
    }
    for (const { _id } of mayDelete ? forgotten : []) {
      // The sweep job also aborts a multipart upload.
      const unheard = { _id, status: 'AWAITING_UPLOAD', ...isDayAgo };
      await removeAndSweep(ctx, entity, unheard);
    }
    seen += recent.length + forgotten.length;
  }
  return seen;
}

const HOUR_MS = 3600 * 1000;
/** How many objects are looked up concurrently. */
const CONCURRENCY = 16;

async function findAwaiting(
  ctx: Ctx,
  entity: Entity<Medium>,
  when: TypedFilter,
  direction: 1 | -1,
): Promise<Medium[]> {
  return findMany(
    ctx,
    entity,
    { status: 'AWAITING_UPLOAD', ...when },
    {
      projection: { filePath: 1 },
      sort: { updatedAt: direction },
      limit: 1000,
      hint: 'awaiting',
    },
  );
}
