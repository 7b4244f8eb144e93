import type { Ctx } from '../../../context.ts';
import { deleteKeys } from '../../../providers/s3.ts';
import { listMediaEntities } from '../../media/medium.ts';
import { objectsFromAnywhere } from '../random-start.ts';
import { type Found, note } from './findings.ts';
import { findMissing, findMissingInTrash } from './missing.ts';
import { unknownAmong } from './unknown.ts';

/** How many objects, and documents, are looked at at once. */
const PAGE = 1000;
/** An object younger than this may belong to what is only being made, in ms. */
const GRACE = 24 * 3600 * 1000;
/** What is left of the function's time when it stops, in ms. */
const ENOUGH = 30_000;

export interface CheckObjects {
  /** Only tells what it would do. */
  dryRun: boolean;
  timeLeft: () => number;
  grace?: number;
  page?: number;
}

/** What one run found. */
export interface CheckedObjects {
  dryRun: boolean;
  objects: number;
  /** Objects that no document knows; deleted, but for a dry run. */
  orphans: Found & { bytes: number };
  documents: number;
  /** READY media without their bytes; FAILED now, but for a dry run. */
  missing: Found;
  /** READY media that have their bytes, and not all that was made of them; made again, but for a dry run. */
  damaged: Found;
  /** Media in the trash that lack anything: only told of. */
  trashed: Found;
  unfinished?: true;
}

/** What a look at one kind of thing is given. */
export interface Look extends Required<CheckObjects> {
  result: CheckedObjects;
  /** Whether the time for this kind is up. */
  isLate: () => boolean;
}

/**
 * Compares what is in S3 with what documents say: deletes objects of a day and older that no document
 * knows, has media whose bytes are gone say so, and others processed again that lack a derivative or their
 * stream. All are expected to find nothing. Each look begins at a random place, and has its share of the time.
 */
export async function checkObjects(ctx: Ctx, how: CheckObjects): Promise<CheckedObjects> {
  const none = (): Found => ({ count: 0, examples: [] });
  const result: CheckedObjects = {
    ...{ dryRun: how.dryRun, objects: 0, documents: 0 },
    ...{ orphans: { ...none(), bytes: 0 }, missing: none(), damaged: none(), trashed: none() },
  };
  const looks: ((look: Look) => Promise<void>)[] = [
    (look) => findOrphans(ctx, look),
    ...listMediaEntities().map((entity) => (look: Look) => findMissing(ctx, entity, look)),
    (look) => findMissingInTrash(ctx, look),
  ];
  for (const [n, look] of looks.entries()) {
    const left = how.timeLeft();
    const end = Math.max(ENOUGH, left - (left - ENOUGH) / (looks.length - n));
    const isLate = () => how.timeLeft() < end;
    await look({ grace: GRACE, page: PAGE, ...how, result, isLate });
  }
  const found = [result.orphans, result.missing, result.damaged, result.trashed];
  if (found.some(({ count }) => count > 0)) {
    ctx.log.warn('S3 and the documents differ.', { ...result });
  }
  if (result.unfinished) ctx.log.warn('Not all objects were checked.', { ...result });
  return result;
}

async function findOrphans(ctx: Ctx, { dryRun, grace, page, result, isLate }: Look): Promise<void> {
  const before = ctx.clock() - grace;
  for await (const objects of objectsFromAnywhere(ctx, page)) {
    if (isLate()) {
      result.unfinished = true;
      return;
    }
    result.objects += objects.length;
    const old = objects.filter((o) => o.changedAt.getTime() <= before);
    const suspects = await unknownAmong(ctx, old);
    // Once more: what was on its way from one place to another was seen in neither.
    const unknown = suspects.length > 0 ? await unknownAmong(ctx, suspects) : [];
    for (const { key, size } of unknown) {
      note(result.orphans, key);
      result.orphans.bytes += size;
    }
    if (!dryRun) await deleteKeys(unknown.map((o) => o.key));
  }
}
