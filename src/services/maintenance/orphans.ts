import type { Ctx } from '../../context.ts';
import { upsertCommon } from '../../data/database-time.ts';
import { type Base, type Entity, entities, entityNamed } from '../../data/entity.ts';
import { idText, lowestIdAt, newId, type UUID } from '../../data/ids.ts';
import { aggregate, findMany, findOne } from '../../data/read.ts';
import { type Reference, referencesOf } from '../../data/references.ts';
import { OrphanCheck } from '../../models/maintenance/orphan-check.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';

/** How far back the first search of an entity goes, in ms. */
const FIRST_MS = 15 * 60_000;
/** Documents as young as this are looked at again: whoever made them may still be about it, in ms. */
const SETTLED_MS = 2 * 60_000;
/** The most documents of an entity in one run. More of them wait for the next. */
const MOST = 5000;

/** A stretch of ids: after the first, up to the last. */
interface Stretch {
  after: UUID;
  upTo: UUID;
}

/**
 * Removes children whose parent is gone: the process that inserted them crashed before it confirmed the
 * reference. Each run goes on where the last one ended, so that it costs what was made since then.
 */
export async function removeAllOrphans(ctx: Ctx): Promise<number> {
  let removed = 0;
  for (const entity of entities.values()) {
    const references = referencesOf(entity).filter((r) => r.onDelete === 'cascade');
    const stretch = references.length > 0 ? await findStretch(ctx, entity) : undefined;
    if (!stretch) continue;
    for (const reference of references) removed += await removeOrphans(ctx, reference, stretch);
    await markSearched(ctx, entity, stretch);
  }
  return removed;
}

async function findStretch(ctx: Ctx, entity: Entity): Promise<Stretch | undefined> {
  const search = { entity: entity.name };
  const last = await findOne(ctx, OrphanCheck, search, { projection: { upTo: 1 } });
  const after = last?.upTo ?? lowestIdAt(ctx.clock() - FIRST_MS);
  const options = { projection: { _id: 1 }, sort: { _id: 1 }, limit: MOST } as const;
  const found: Base[] = await findMany(ctx, entity, { _id: { $gt: after } }, options);
  const upTo = found.at(-1)?._id;
  return upTo && { after, upTo };
}

async function removeOrphans(
  ctx: Ctx,
  { entity, path, to }: Reference,
  { after, upTo }: Stretch,
): Promise<number> {
  const orphans = await aggregate<{ _id: UUID }>(ctx, entity, [
    { $match: { _id: { $gt: after, $lte: upTo }, [path]: { $exists: true } } },
    {
      $lookup: {
        from: entityNamed(to).collectionName,
        localField: path,
        foreignField: '_id',
        pipeline: [{ $project: { _id: 1 } }],
        as: 'parents',
      },
    },
    { $match: { parents: { $size: 0 } } },
    { $project: { _id: 1 } },
    { $limit: MOST },
  ]);
  for (const { _id } of orphans) await removeAndSweep(ctx, entity, { _id });
  if (orphans.length > 0)
    ctx.log.warn('Orphans were removed.', { entity: entity.name, path, n: orphans.length });
  return orphans.length;
}

async function markSearched(ctx: Ctx, entity: Entity, { after, upTo }: Stretch): Promise<void> {
  const settled = lowestIdAt(ctx.clock() - SETTLED_MS);
  const next = idText(upTo) < idText(settled) ? upTo : settled;
  if (idText(next) <= idText(after)) return;
  const set = { ...upsertCommon(ctx, newId(ctx.clock())), entity: entity.name, upTo: next };
  const search = { entity: entity.name };
  await OrphanCheck.collection.updateOne(search, [{ $set: set }], { upsert: true });
}
