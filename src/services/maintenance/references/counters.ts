import type { Ctx } from '../../../context.ts';
import { type Entity, entities, entityNamed } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { aggregate, findMany } from '../../../data/read.ts';
import { referencesOf } from '../../../data/references.ts';

const BATCH = 1000;

/** A field of a parent that counts its children: `Project.trackCount`. */
interface Count {
  parent: Entity;
  child: Entity;
  path: string;
  field: string;
}

/** A document whose count is not what there is. */
export interface Miscounted {
  count: Count;
  id: UUID;
  /** By how much the count is too high. */
  off: number;
}

/** Finds counts that are not what there is: wrong, or about to be put right by who made or deleted a child. */
export async function findMiscounted(ctx: Ctx, isLate: () => boolean): Promise<Miscounted[]> {
  const found: Miscounted[] = [];
  for (const count of countsOf()) {
    let after: UUID | undefined;
    while (!isLate()) {
      const filter = after ? { _id: { $gt: after } } : {};
      const { miscounted, last } = await compare(ctx, count, filter);
      found.push(...miscounted);
      if (!last) break;
      after = last;
    }
  }
  return found;
}

/**
 * Puts those counts right that are still off by as much as before. Whoever counts at the same moment is
 * not overruled: the count must be the one that was looked at. Returns how many were put right.
 */
export async function correctCounts(ctx: Ctx, before: Miscounted[]): Promise<number> {
  let corrected = 0;
  for (const { count, id, off } of before) {
    const { miscounted } = await compare(ctx, count, { _id: id });
    const [now] = miscounted;
    if (now?.off !== off) continue;
    const { parent, field } = count;
    const { modifiedCount } = await parent.collection.updateOne(
      { _id: id, [field]: now.stored },
      { $set: { [field]: now.stored - off } },
    );
    corrected += modifiedCount;
  }
  if (corrected > 0) ctx.log.warn('Counts were wrong.', { corrected });
  return corrected;
}

function countsOf(): Count[] {
  return [...entities.values()].flatMap((child) =>
    referencesOf(child).flatMap(({ path, to, countedIn: field }) =>
      field ? [{ parent: entityNamed(to), child, path, field }] : [],
    ),
  );
}

/** The next parents in order, and those of them whose count is off; `last` when there may be more. */
async function compare(ctx: Ctx, count: Count, filter: Record<string, unknown>) {
  const { parent, child, path, field } = count;
  const sort = { _id: 1 } as const;
  const parents = await findMany(ctx, parent, filter, {
    projection: { [field]: 1 },
    sort,
    limit: BATCH,
  });
  const ids = parents.map((p) => p._id);
  const groups = await aggregate<{ _id: UUID; n: number }>(ctx, child, [
    { $match: { [path]: { $in: ids } } },
    { $group: { _id: `$${path}`, n: { $sum: 1 } } },
  ]);
  const there = new Map(groups.map(({ _id, n }) => [idText(_id), n]));
  const miscounted = parents.flatMap((p) => {
    const stored = (p as unknown as Record<string, number>)[field] ?? 0;
    const off = stored - (there.get(idText(p._id)) ?? 0);
    return off === 0 ? [] : [{ count, id: p._id, off, stored }];
  });
  return { miscounted, last: parents.length === BATCH ? parents.at(-1)?._id : undefined };
}
