import type { Ctx } from '../../../context.ts';
import { type Entity, entities } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { SETTLED } from '../../../models/media/media-fields.ts';
import { TrashedMedium } from '../../../models/media/trashed-medium.ts';
import type { ListedObject } from '../../../providers/s3.ts';
import { buildWorkPrefix, listPointers, parseFolder } from '../../media/keys.ts';
import { isMedium, type Medium, Version } from '../../media/medium.ts';
import type { TrashedContent } from '../../media/trash.ts';
import { referenceTo } from '../../media/versions.ts';

/** More than any medium has. */
const MOST_VERSIONS = 100;

/** Filters the objects that no document refers to, not even in the trash. */
export async function findUnknown(ctx: Ctx, objects: ListedObject[]): Promise<ListedObject[]> {
  const placed = objects.flatMap((object) => {
    const place = parseFolder(object.key);
    const entity = [...entities.values()].find((e) => e.collectionName === place?.collection);
    return place && entity ? [{ object, entity, id: place.id }] : [];
  });
  const known = new Set<ListedObject>();
  for (const [entity, some] of Map.groupBy(placed, (p) => p.entity)) {
    const knows = await makeTests(
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

/**
 * Makes a test for each document, also in the trash, by id: does it refer to this key in its
 * folder?
 */
async function makeTests(
  ctx: Ctx,
  entity: Entity,
  ids: UUID[],
): Promise<Map<string, (key: string) => boolean>> {
  const known = new Map<string, (key: string) => boolean>();
  const among = { _id: { $in: ids } };
  const some = { projection: { outbox: 0 }, limit: ids.length };
  if (!isMedium(entity)) {
    // An entity that is no medium refers to everything in its folder.
    const own = await findMany(ctx, entity, among, { ...some, projection: { _id: 1 } });
    return new Map(own.map(({ _id }) => [idText(_id), () => true]));
  }
  for (const medium of await findMany(ctx, entity, among, some)) {
    known.set(idText(medium._id), makeTest(medium));
  }
  const path = referenceTo(entity);
  const versions = { projection: { outbox: 0 }, limit: ids.length * MOST_VERSIONS };
  for (const version of await findMany(ctx, Version, { [path]: { $in: ids } }, versions)) {
    const id = idText(version[path as keyof Medium] as UUID);
    const others = known.get(id);
    const own = makeVersionTest(version);
    known.set(id, (key) => own(key) || others?.(key) === true);
  }
  const trashed = { projection: { content: 1 }, limit: ids.length };
  for (const { _id, content } of await findMany(ctx, TrashedMedium, among, trashed)) {
    const { versions = [], ...medium } = content as TrashedContent;
    const all = [medium, ...versions].map(makeTest);
    known.set(idText(_id), (key) => all.some((knows) => knows(key)));
  }
  return known;
}

function makeTest(medium: Medium): (key: string) => boolean {
  // While a medium is processed, its future derivatives are unknown: everything in its folder
  // counts.
  if (!SETTLED.includes(medium.status)) return () => true;
  return makePointerTest(medium);
}

function makeVersionTest(version: Medium): (key: string) => boolean {
  const folder = version.filePath.slice(0, version.filePath.lastIndexOf('/') + 1);
  if (!SETTLED.includes(version.status)) return (key) => key.startsWith(folder);
  return makePointerTest(version);
}

function makePointerTest(medium: Medium): (key: string) => boolean {
  const pointers = listPointers(medium);
  const { stream } = medium;
  // An unfinished stream has its segments beside the published derivatives, however long its job
  // waits.
  const making = stream && !SETTLED.includes(stream.status) && buildWorkPrefix(medium, stream.job);
  return (key) =>
    pointers.some((p) => (p.endsWith('/') ? key.startsWith(p) : key === p)) ||
    (typeof making === 'string' && key.startsWith(making));
}
