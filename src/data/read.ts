import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { type Bytes, documentsIn, find, int32At, int64At, nameBytes } from './bson.ts';
import { database } from './connection.ts';
import { readDeadline, within } from './deadlines.ts';
import type { Base, Entity } from './entity.ts';
import { hasWaited } from './failures.ts';

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
export function findBytes(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  { limit, sort, hint, projection = visible(entity) }: ReadOptions & { limit: number },
): Promise<Bytes[]> {
  const question = { filter, projection, ...(sort && { sort }), ...(hint && { hint }), limit };
  return batch({ find: entity.collectionName, ...question, batchSize: limit + 1 }, () =>
    cursorOf(ctx, entity, filter, { limit, projection, sort, hint, raw: true }).toArray(),
  );
}

/** What an aggregation answers; its pipeline bounds itself. */
export async function aggregate<T = Raw>(ctx: Ctx, entity: Entity, pipeline: Raw[]): Promise<T[]> {
  return (await within(resultsOf(ctx, entity, pipeline).toArray())) as T[];
}

/** What `aggregate` answers, as the database sends it. */
export function aggregateBytes(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: Pick<ReadOptions, 'hint'> = {},
): Promise<Bytes[]> {
  const question = { aggregate: entity.collectionName, pipeline, ...options };
  return batch({ ...question, cursor: { batchSize: 1000 } }, () =>
    resultsOf(ctx, entity, pipeline, { ...options, raw: true }).toArray(),
  );
}

/**
 * The only batch of an answer. A cursor costs the process as much as the question itself, so it is made
 * only when the answer is longer, or when something failed: it tries again.
 */
function batch(command: Raw, cursor: () => Promise<unknown[]>): Promise<Bytes[]> {
  return within(asked(command).then(async (found) => found ?? ((await cursor()) as Bytes[])));
}

async function asked(command: Raw): Promise<Bytes[] | undefined> {
  try {
    command.maxTimeMS = readDeadline();
    const reply = await database().command(command, { raw: true });
    return onlyBatchOf(reply.cursor as Bytes);
  } catch (error) {
    if (hasWaited(error)) throw error;
    return undefined;
  }
}

function onlyBatchOf(reply: Bytes): Bytes[] | undefined {
  const id = find(reply, 0, nameBytes('id'));
  const first = find(reply, 0, nameBytes('firstBatch'));
  if (!id || !first || int64At(reply, id.at) !== 0) return undefined;
  return documentsIn(reply, first.at).map((at) => reply.subarray(at, at + int32At(reply, at)));
}

function cursorOf(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  options: ReadOptions & { limit: number; raw?: boolean },
) {
  return entity.collection.find(filter, {
    ...options,
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
