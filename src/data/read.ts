import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { type Bytes, isIdAt } from './bson.ts';
import { database } from './connection.ts';
import { getReadDeadline, withDeadline } from './deadlines.ts';
import type { Base, Entity, Stored } from './entity.ts';
import { isWorthRetrying } from './failures.ts';
import type { TypedFilter } from './filter.ts';
import { UUID } from './ids.ts';

type Raw = mongo.Document;

/**
 * The batch size of aggregations, in documents: larger than any page, so that one command answers
 * it.
 */
const MOST = 1000;

/**
 * The projection of what clients may see: hidden fields are not even read, except `version`, which
 * ETags show.
 */
export function projectVisible(entity: Entity): Record<string, 0> {
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

/** A whole document without its hidden fields, but for `version`: as a read of the visible ones. */
export function pickVisible<T extends Base>(entity: Entity<T>, document: T | Stored): T {
  const hidden = projectVisible(entity);
  return Object.fromEntries(Object.entries(document).filter(([path]) => !(path in hidden))) as T;
}

interface ReadOptions {
  /** The stored fields to read; by default all that are not hidden. */
  projection?: Record<string, unknown>;
  sort?: Record<string, 1 | -1>;
  collation?: mongo.CollationOptions;
  hint?: mongo.Hint;
  /** `snapshot`: all of it as it was, committed by a majority, at one moment. */
  readConcern?: { level: 'snapshot' };
}

/** Finds one document, or null. */
export async function findOne<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  options: ReadOptions = {},
): Promise<T | null> {
  return entity.collection.findOne<T>(filter, {
    ...options,
    projection: options.projection ?? projectVisible(entity),
    maxTimeMS: getReadDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
}

/** Reads a document with its hidden fields; of its outbox nobody but the audit chain has need. */
export const WHOLE = { projection: { outbox: 0 } };

/** Finds at most `limit` documents, in the given order. */
export async function findMany<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  options: ReadOptions & { limit: number },
): Promise<T[]> {
  return withDeadline(openCursor(ctx, entity, filter, options).toArray());
}

/** Documents that have not been deserialised, as many as one message of the database holds. */
export interface Batch {
  /** At least one, if there is any; of more than one at most 16 MB. */
  documents: Bytes[];
  /** Whether these are all. */
  isAll: boolean;
}

/** As `findMany`, without deserialising; what exceeds one message is left out. */
export function findBytes(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  options: Omit<ReadOptions, 'collation'> & { limit: number },
): Promise<Batch> {
  const { limit, sort, hint, projection = projectVisible(entity) } = options;
  const question = { filter, projection, ...(sort && { sort }), ...(hint && { hint }), limit };
  return readBatch(
    ctx,
    entity,
    { find: entity.collectionName, ...question, batchSize: limit + 1 },
    () => openCursor(ctx, entity, filter, { ...options, raw: true }),
  );
}

/**
 * Finds one document without deserialising it, or undefined. For a filter of `_id` alone MongoDB
 * plans nothing, and without a projection it copies nothing, which together saves a third of its
 * work. So where the rest of the filter are ids, they are compared here. Hidden fields are then
 * read, too; `putMembers` leaves them out.
 */
export async function findOneBytes(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  projection?: Record<string, unknown>,
): Promise<Bytes | undefined> {
  const { _id, ...rest } = filter;
  const others = Object.entries(rest);
  const areIds = others.every(
    ([path, id]) => id instanceof UUID && entity.shape.fields[path]?.shape.kind === 'id',
  );
  if (projection || !(_id instanceof UUID && areIds)) {
    const options = { ...(projection && { projection }), limit: 1 };
    return (await findBytes(ctx, entity, filter, options)).documents[0];
  }
  const { documents } = await findBytes(ctx, entity, { _id }, { projection: {}, limit: 1 });
  const [bytes] = documents;
  return bytes && others.every(([path, id]) => isIdAt(bytes, path, id as UUID)) ? bytes : undefined;
}

/** Runs an aggregation, whose pipeline must limit its results. */
export async function aggregate<T = Raw>(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: Pick<ReadOptions, 'hint'> = {},
): Promise<T[]> {
  return (await withDeadline(openAggregate(ctx, entity, pipeline, options).toArray())) as T[];
}

/** As `aggregate`, without deserialising; what exceeds one message is left out. */
export function aggregateBytes(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: Pick<ReadOptions, 'hint'> = {},
): Promise<Batch> {
  return readBatch(
    ctx,
    entity,
    { aggregate: entity.collectionName, pipeline, ...options, cursor: { batchSize: MOST } },
    () => openAggregate(ctx, entity, pipeline, { ...options, raw: true }),
  );
}

/**
 * Runs a command and returns its first batch. Opening a cursor costs the process as much as the
 * command itself, so that is done only as a retry.
 */
function readBatch(
  ctx: Ctx,
  entity: Entity,
  command: Raw,
  openCursor: () => mongo.AbstractCursor,
): Promise<Batch> {
  const answer = async () =>
    (await runCommand(ctx, entity, command)) ?? (await readFirstBatch(openCursor()));
  return withDeadline(answer());
}

/** Undefined when it failed, and is worth a retry. */
async function runCommand(
  ctx: Ctx,
  { collectionName }: Entity,
  command: Raw,
): Promise<Batch | undefined> {
  try {
    command.maxTimeMS = getReadDeadline();
    // Only the documents stay raw: the driver itself needs the rest of the reply.
    const session = ctx.session && { session: ctx.session };
    const { cursor } = await database().command(command, { fieldsAsRaw: DOCUMENTS, ...session });
    const isAll = cursor.id === 0;
    if (!isAll) await database().command({ killCursors: collectionName, cursors: [cursor.id] });
    return { documents: cursor.firstBatch as Bytes[], isAll };
  } catch (error) {
    if (ctx.session || !isWorthRetrying(error)) throw error;
    return undefined;
  }
}

async function readFirstBatch(cursor: mongo.AbstractCursor): Promise<Batch> {
  try {
    await cursor.hasNext();
    return {
      documents: cursor.readBufferedDocuments() as Bytes[],
      isAll: cursor.id?.isZero() ?? false,
    };
  } finally {
    await cursor.close();
  }
}

const DOCUMENTS = { firstBatch: true };

function openCursor<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  options: ReadOptions & { limit: number; raw?: boolean },
) {
  return entity.collection.find<T>(filter, {
    ...options,
    projection: options.projection ?? projectVisible(entity),
    batchSize: options.limit + 1,
    maxTimeMS: getReadDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
}

function openAggregate(
  ctx: Ctx,
  entity: Entity,
  pipeline: Raw[],
  options: { hint?: mongo.Hint; raw?: boolean } = {},
) {
  return entity.collection.aggregate(pipeline, {
    batchSize: MOST,
    ...options,
    maxTimeMS: getReadDeadline(),
    ...(ctx.session && { session: ctx.session }),
  });
}
