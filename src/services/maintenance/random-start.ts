import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate, findMany } from '../../data/read.ts';
import { User } from '../../models/account/user.ts';
import { type ListedObject, listObjects } from '../../providers/s3.ts';

// Whatever is looked at each night begins somewhere else: where the time does not suffice for all of it,
// each part has its night, and no place has to be kept.

/** All documents that match, in batches by id: from a random one on, and then those before it. */
export async function* documentsFromAnywhere<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  { projection, size }: { projection: Record<string, 1>; size: number },
): AsyncGenerator<T[]> {
  const start = await anyId(ctx, entity);
  if (!start) return;
  for (const range of [{ $gte: start }, { $lt: start }]) {
    for (let after: UUID | undefined; ; ) {
      const _id = { ...range, ...(after && { $gt: after }) };
      const page = { projection, sort: { _id: 1 }, limit: size } as const;
      const found = await findMany(ctx, entity, { ...filter, _id }, page);
      if (found.length > 0) yield found;
      after = found.at(-1)?._id;
      if (!after || found.length < size) break;
    }
  }
}

/** All objects of ours, in pages by key: from those of a random user on, and then those before. */
export async function* objectsFromAnywhere(ctx: Ctx, size: number): AsyncGenerator<ListedObject[]> {
  const user = await anyId(ctx, User);
  const start = `media/${user ? idText(user) : ''}`;
  yield* listObjects('media/', { after: start, size });
  for await (const page of listObjects('media/', { size })) {
    const before = page.filter(({ key }) => key <= start);
    yield before;
    if (before.length < page.length) return;
  }
}

/** Without a filter, so that MongoDB picks it without reading the others. */
async function anyId(ctx: Ctx, entity: Entity): Promise<UUID | undefined> {
  const pipeline = [{ $sample: { size: 1 } }, { $project: { _id: 1 } }];
  const [any] = await aggregate<{ _id: UUID }>(ctx, entity, pipeline);
  return any?._id;
}
