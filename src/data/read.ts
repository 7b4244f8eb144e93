import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import type { Bytes } from './bson.ts';
import { readDeadline, within } from './deadlines.ts';
import type { Base, Entity } from './entity.ts';

/** A filter whose values are already typed: made by rules, services and the query compiler, never by clients. */
export type TypedFilter = Record<string, unknown>;
type Raw = mongo.Document;

/**
 * Never answered, so not even read: the projection that leaves out what schemas hide. `version` stays,
 * since ETags show it.
 */
export function visible(entity: Entity): Record<string, 0> {
  let projection = projections.get(entity.name);
  if (!projection) {
    projection = {};
    for (const [name, field] of Object.entries(entity.shape.fields)) {
      if (field.hidden && name !== 'version') projection[name] = 0;
    }
    projections.set(entity.name, projection);
  }
  return projection;
}

const projections = new Map<string, Record<string, 0>>();

export interface ReadOptions {
  /** Which stored fields; all that are not hidden unless given. */
  projection?: Record<string, unknown>;
  sort?: Record<string, 1 | -1>;
  collation?: mongo.CollationOptions;
  hint?: mongo.Hint;
}

/** One document, or null.  */
export async function findOne<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  options: ReadOptions = {},
): Promise<T | null> {
  const found = await entity.collection.findOne(filter, {
    ...options,
    projection: options.projection ?? visible(entity),
    maxTimeMS: readDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
  return found as unknown as T | null;
}

/** At most `limit` documents in the given order. */
export async function findMany<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  options: ReadOptions & { limit: number },
): Promise<T[]> {
  return (await within(cursorOf(ctx, entity, filter, options).toArray())) as unknown as T[];
}

/** What `findMany` finds, as the database sends it. */
export async function findBytes(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  options: ReadOptions & { limit: number },
): Promise<Bytes[]> {
  const cursor = cursorOf(ctx, entity, filter, options, RAW);
  return (await within(cursor.toArray())) as unknown as Bytes[];
}

/** What an aggregation answers; its pipeline bounds itself. */
export async function aggregate<T = Raw>(ctx: Ctx, entity: Entity, pipeline: Raw[]): Promise<T[]> {
  return (await within(resultsOf(ctx, entity, pipeline).toArray())) as T[];
}

/** What `aggregate` answers, as the database sends it. */
export async function aggregateBytes(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: Pick<ReadOptions, 'hint'> = {},
): Promise<Bytes[]> {
  const cursor = resultsOf(ctx, entity, pipeline, { ...options, ...RAW });
  return (await within(cursor.toArray())) as unknown as Bytes[];
}

const RAW = { raw: true };

function cursorOf(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  options: ReadOptions & { limit: number },
  form: { raw?: boolean } = {},
) {
  return entity.collection.find(filter, {
    ...options,
    ...form,
    projection: options.projection ?? visible(entity),
    batchSize: options.limit + 1,
    maxTimeMS: readDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
}

function resultsOf(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: { hint?: mongo.Hint; raw?: boolean } = {},
) {
  return entity.collection.aggregate(pipeline, {
    // A page is one command: the server's own first batch ends where the longest page does.
    batchSize: 1000,
    ...options,
    maxTimeMS: readDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
}
