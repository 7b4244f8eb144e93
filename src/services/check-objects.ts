import type { Ctx } from '../context.ts';
import { type Entity, entities } from '../data/entity.ts';
import { idText, type UUID } from '../data/ids.ts';
import { findMany, findOne } from '../data/read.ts';
import { update } from '../data/write.ts';
import { SETTLED } from '../models/studio/media-fields.ts';
import { MediumVersion } from '../models/studio/medium-version.ts';
import { TrashedMedium } from '../models/studio/trashed-medium.ts';
import { deleteKeys, head, type ObjectSeen, objectsUnder } from '../providers/s3.ts';
import { type Medium, pointersOf, readFolder } from './media-keys.ts';
import { isMedia, mediaEntities } from './processing.ts';
import type { Content } from './trash.ts';
import { referenceTo } from './versions.ts';

const BATCH = 500;
/** How many objects are asked for at once. */
const AT_ONCE = 16;
/** An object younger than this may belong to what is only being made, in ms. */
const GRACE = 24 * 3600 * 1000;
/** What is left of the function's time when it stops, in ms. */
const ENOUGH = 30_000;
const MOST_EXAMPLES = 20;
/** More than any medium has. */
const MOST_VERSIONS = 100;

export interface CheckObjects {
  /** Only tells what it would do. */
  dryRun: boolean;
  timeLeft: () => number;
  grace?: number;
}

/** What one run found. */
export interface CheckedObjects {
  dryRun: boolean;
  objects: number;
  /** Objects that no document knows; deleted, but for a dry run. */
  orphans: { count: number; bytes: number; examples: string[] };
  documents: number;
  /** READY media without their bytes; FAILED now, but for a dry run. */
  missing: { count: number; examples: string[] };
  unfinished?: true;
}

/**
 * Compares what is in S3 with what documents say: deletes objects of a day and older that no document
 * knows, and has media whose bytes are gone say so. Both are expected to find nothing.
 */
export async function checkObjects(ctx: Ctx, how: CheckObjects): Promise<CheckedObjects> {
  const result: CheckedObjects = {
    ...{ dryRun: how.dryRun, objects: 0, documents: 0 },
    orphans: { count: 0, bytes: 0, examples: [] },
    missing: { count: 0, examples: [] },
  };
  const isLate = () => how.timeLeft() < ENOUGH;
  await findOrphans(ctx, how, result, isLate);
  for (const entity of mediaEntities()) await findMissing(ctx, entity, how, result, isLate);
  const isClean = result.orphans.count === 0 && result.missing.count === 0;
  if (!isClean) ctx.log.warn('S3 and the documents differ.', { ...result });
  return result;
}

async function findOrphans(
  ctx: Ctx,
  { dryRun, grace = GRACE }: CheckObjects,
  result: CheckedObjects,
  isLate: () => boolean,
): Promise<void> {
  const { orphans } = result;
  const before = ctx.clock() - grace;
  for await (const page of objectsUnder('media/')) {
    if (isLate()) {
      result.unfinished = true;
      return;
    }
    result.objects += page.length;
    const old = page.filter((o) => o.changedAt.getTime() <= before);
    const suspects = await unknownAmong(ctx, old);
    // Once more: what was on its way from one place to another was seen in neither.
    const unknown = suspects.length > 0 ? await unknownAmong(ctx, suspects) : [];
    orphans.count += unknown.length;
    orphans.bytes += unknown.reduce((sum, o) => sum + o.size, 0);
    orphans.examples.push(
      ...unknown.slice(0, MOST_EXAMPLES - orphans.examples.length).map((o) => o.key),
    );
    if (!dryRun && unknown.length > 0) await deleteKeys(unknown.map((o) => o.key));
  }
}

/** Those that no document knows. */
async function unknownAmong(ctx: Ctx, objects: ObjectSeen[]): Promise<ObjectSeen[]> {
  const placed = objects.flatMap((object) => {
    const place = readFolder(object.key);
    const entity = [...entities.values()].find((e) => e.collectionName === place?.collection);
    return place && entity ? [{ object, entity, id: place.id }] : [];
  });
  const known = new Set<ObjectSeen>();
  for (const [entity, some] of Map.groupBy(placed, (p) => p.entity)) {
    const knows = await knownBy(
      ctx,
      entity,
      some.map((p) => p.id),
    );
    for (const { object, id } of some) {
      if (knows.get(idText(id))?.(object.key)) known.add(object);
    }
  }
  return objects.filter((object) => !known.has(object));
}

/** By the id of each document that is there, or in the trash: which keys of its folder it knows. */
async function knownBy(
  ctx: Ctx,
  entity: Entity,
  ids: UUID[],
): Promise<Map<string, (key: string) => boolean>> {
  const known = new Map<string, (key: string) => boolean>();
  const among = { _id: { $in: ids } };
  const some = { projection: { outbox: 0 }, limit: ids.length };
  for (const document of await findMany(ctx, entity, among, some)) {
    known.set(idText(document._id), knownTo(entity, document as unknown as Medium));
  }
  if (!isMedia(entity)) return known;
  const path = referenceTo(entity);
  const versions = { projection: { outbox: 0 }, limit: ids.length * MOST_VERSIONS };
  for (const version of await findMany(ctx, MediumVersion, { [path]: { $in: ids } }, versions)) {
    const id = idText((version as unknown as Record<string, UUID>)[path] as UUID);
    const others = known.get(id);
    const own = knownToVersion(version as unknown as Medium);
    known.set(id, (key) => own(key) || others?.(key) === true);
  }
  const trashed = { projection: { content: 1 }, limit: ids.length };
  for (const { _id, content } of await findMany(ctx, TrashedMedium, among, trashed)) {
    const { versions = [], ...medium } = content as Content;
    const all = [medium, ...versions].map((m) => knownTo(entity, m as unknown as Medium));
    known.set(idText(_id), (key) => all.some((knows) => knows(key)));
  }
  return known;
}

function knownTo(entity: Entity, medium: Medium): (key: string) => boolean {
  // Of what is being made, nobody knows yet what it will be.
  if (!isMedia(entity) || !SETTLED.includes(medium.status)) return () => true;
  return pointsTo(medium);
}

function knownToVersion(version: Medium): (key: string) => boolean {
  const folder = version.filePath.slice(0, version.filePath.lastIndexOf('/') + 1);
  if (!SETTLED.includes(version.status)) return (key) => key.startsWith(folder);
  return pointsTo(version);
}

function pointsTo(medium: Medium): (key: string) => boolean {
  const pointers = pointersOf(medium);
  return (key) => pointers.some((p) => (p.endsWith('/') ? key.startsWith(p) : key === p));
}

async function findMissing(
  ctx: Ctx,
  entity: Entity,
  { dryRun }: CheckObjects,
  result: CheckedObjects,
  isLate: () => boolean,
): Promise<void> {
  let after: UUID | undefined;
  for (;;) {
    if (isLate()) {
      result.unfinished = true;
      return;
    }
    const filter = { status: 'READY', ...(after && { _id: { $gt: after } }) };
    const page = { projection: { filePath: 1 }, sort: { _id: 1 }, limit: BATCH } as const;
    const found = (await findMany(ctx, entity, filter, page)) as unknown as Medium[];
    result.documents += found.length;
    for (let i = 0; i < found.length; i += AT_ONCE) {
      const some = found.slice(i, i + AT_ONCE);
      const heads = await Promise.all(some.map((m) => head(m.filePath)));
      for (const [n, medium] of some.entries()) {
        if (heads[n] || !(await isMissing(ctx, entity, medium, dryRun))) continue;
        result.missing.count += 1;
        if (result.missing.examples.length < MOST_EXAMPLES) {
          result.missing.examples.push(`${entity.name} ${idText(medium._id)}`);
        }
      }
    }
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) return;
  }
}

/** Whether it is still said to be READY with a file that is not there; then it says so, but for a dry run. */
async function isMissing(
  ctx: Ctx,
  entity: Entity,
  { _id, filePath }: Medium,
  dryRun: boolean,
): Promise<boolean> {
  const said = { _id, status: 'READY', filePath };
  if (dryRun) return (await findOne(ctx, entity, said, { projection: { _id: 1 } })) !== null;
  const error = { code: 'MISSING_FILE', message: 'The uploaded file is no longer there.' };
  const set = { status: 'FAILED', error };
  return (await update(ctx, entity, said, { set }, 'fail')) !== null;
}
