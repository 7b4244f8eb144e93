import type { Ctx } from '../../../context.ts';
import { refuseDeleting } from '../../../data/clock-difference.ts';
import { deleteKeys } from '../../../providers/s3.ts';
import { listMediaEntities } from '../../media/medium.ts';
import { objectsFromAnywhere } from '../random-start.ts';
import { addFinding, type Findings } from './findings.ts';
import { findMissing, findMissingInTrash } from './missing.ts';
import { findUnknown } from './unknown.ts';

/** How many objects, or documents, are read at once. */
const PAGE = 1000;
/** In ms. A younger object may belong to a document that is still being written. */
const GRACE_MS = 24 * 3600 * 1000;
/** The check stops when this much of the function's time is left, in ms. */
const RESERVE_MS = 30_000;

export interface CheckObjects {
  /** Reports, and changes nothing. */
  dryRun: boolean;
  timeLeft: () => number;
  grace?: number;
  page?: number;
}

/** The result of one run. */
export interface CheckedObjects {
  dryRun: boolean;
  objects: number;
  /** Objects that no document refers to; deleted, except in a dry run. */
  orphans: Findings & { bytes: number };
  documents: number;
  /** READY media without their bytes; set to FAILED, except in a dry run. */
  missing: Findings;
  /**
   * READY media without some of their derivatives or stream; processed again, except in a dry run.
   */
  damaged: Findings;
  /** Media in the trash with missing objects; only reported. */
  trashed: Findings;
  /** Why nothing was deleted, nor anything else changed: it went on as a dry run. */
  refused?: string;
  unfinished?: true;
}

/** The options and shared result of one of the checks. */
export interface CheckContext extends Required<CheckObjects> {
  result: CheckedObjects;
  /** Whether the time for this check is up. */
  isLate: () => boolean;
}

/**
 * Compares the objects in S3 with the documents: deletes objects older than a day that no document
 * refers to, sets media without their bytes to FAILED, and has media processed again that lack a
 * derivative or their stream. Normally it finds nothing. Each check starts at a random place, and
 * gets an equal share of the time left. Where the host's clock and the database's differ, it only
 * reports.
 */
export async function checkObjects(ctx: Ctx, asked: CheckObjects): Promise<CheckedObjects> {
  const makeFound = (): Findings => ({ count: 0, examples: [] });
  const refused = asked.dryRun ? undefined : await refuseDeleting(ctx);
  const options = { ...asked, dryRun: asked.dryRun || refused !== undefined };
  const result: CheckedObjects = {
    ...(refused && { refused }),
    ...{ dryRun: options.dryRun, objects: 0, documents: 0 },
    ...{
      orphans: { ...makeFound(), bytes: 0 },
      missing: makeFound(),
      damaged: makeFound(),
      trashed: makeFound(),
    },
  };
  const looks: ((look: CheckContext) => Promise<void>)[] = [
    (look) => findOrphans(ctx, look),
    ...listMediaEntities().map((entity) => (look: CheckContext) => findMissing(ctx, entity, look)),
    (look) => findMissingInTrash(ctx, look),
  ];
  for (const [n, look] of looks.entries()) {
    const left = options.timeLeft();
    const end = Math.max(RESERVE_MS, left - (left - RESERVE_MS) / (looks.length - n));
    const isLate = () => options.timeLeft() < end;
    await look({ grace: GRACE_MS, page: PAGE, ...options, result, isLate });
  }
  const found = [result.orphans, result.missing, result.damaged, result.trashed];
  if (found.some(({ count }) => count > 0)) {
    ctx.log.warn('S3 and the documents differ.', { ...result });
  }
  if (result.unfinished) ctx.log.warn('Not all objects were checked.', { ...result });
  return result;
}

async function findOrphans(
  ctx: Ctx,
  { dryRun, grace, page, result, isLate }: CheckContext,
): Promise<void> {
  const before = ctx.clock() - grace;
  for await (const objects of objectsFromAnywhere(ctx, page)) {
    if (isLate()) {
      result.unfinished = true;
      return;
    }
    result.objects += objects.length;
    const old = objects.filter((o) => o.changedAt.getTime() <= before);
    const suspects = await findUnknown(ctx, old);
    // Checked twice: a document that was moved between collections may be seen in neither.
    const unknown = suspects.length > 0 ? await findUnknown(ctx, suspects) : [];
    for (const { key, size } of unknown) {
      addFinding(result.orphans, key);
      result.orphans.bytes += size;
    }
    if (!dryRun) await deleteKeys(unknown.map((o) => o.key));
  }
}
