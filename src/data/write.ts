import mongoose, { type mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { AppError, invalid } from '../errors.ts';
import {
  type AuditEntry,
  auditValue,
  type Change,
  ENCRYPTED_MARK,
  isAudited,
  listCreations,
  makeAuditEntry,
} from './audit.ts';
import { type DateExpression, databaseTime, insertComputed } from './database-time.ts';
import {
  addClearDefaults,
  encryptFields,
  isEncryptedPath,
  type Owner,
  showClear,
} from './encrypted-fields.ts';
import type { Base, Entity, Stored } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { newId, type UUID } from './ids.ts';
import { findOne, pickVisible, projectVisible } from './read.ts';
import { hasEvents, nameChange, recordEvents } from './record-events.ts';
import type { Shape } from './shape.ts';
import { transaction } from './transaction.ts';
import { validateDocument, validatePaths } from './validate.ts';

type Values = Record<string, unknown>;

/** Path → so many ms from now, by the database's clock: what several processes judge together. */
type Times = Record<string, number>;

/**
 * Inserts a document with its audit entry, in one write. In a transaction its event is recorded, too; one
 * that a request alone makes is in the answer to it.
 * @throws AppError VALIDATION_FAILED, DUPLICATE (the path named)
 */
export async function insert<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  values: Values,
  action = 'create',
  times?: Times,
): Promise<T> {
  const now = new Date(ctx.clock());
  const { promisedId } = ctx;
  if (promisedId) ctx.promisedId = undefined;
  const document = await validateNew(ctx, entity, {
    ...values,
    ...Object.fromEntries(
      Object.entries(times ?? {}).map(([path, ms]) => [path, new Date(now.getTime() + ms)]),
    ),
    _id: (values._id as UUID | undefined) ?? promisedId ?? newId(now.getTime()),
    createdAt: now,
    updatedAt: now,
    version: 1,
  });
  auditCreation(ctx, entity, document, action);
  ctx.noteWrite?.();
  try {
    await store(ctx, entity, document, times);
  } catch (error) {
    // The reserved id exists already: an earlier attempt of this request made the document before
    // it crashed.
    if (promisedId && !ctx.session && findDuplicatePath(error) === '_id') {
      // Read outside of the transaction, which the failed insert has aborted.
      const made = await findOne({ ...ctx, session: undefined }, entity, { _id: promisedId });
      if (made) return made;
    }
    throw translateError(error);
  }
  if (ctx.session) await recordEvents(ctx, entity, 'created', [pickVisible(entity, document)]);
  return document as T;
}

/** A document to be inserted together with others, for whoever asks for it. */
export interface NewDocument {
  ctx: Ctx;
  values: Values;
}

/**
 * Inserts documents of an entity by one command, in a transaction, each with its audit entry and its event.
 * @throws AppError VALIDATION_FAILED, DUPLICATE
 */
export async function insertMany<T extends Base>(
  tx: Ctx,
  entity: Entity<T>,
  wanted: NewDocument[],
): Promise<T[]> {
  const documents: Stored[] = [];
  for (const { ctx, values } of wanted) {
    const now = new Date(ctx.clock());
    const common = { _id: newId(now.getTime()), createdAt: now, updatedAt: now, version: 1 };
    const document = await validateNew(ctx, entity, { ...common, ...values });
    auditCreation(ctx, entity, document, 'create');
    documents.push(document);
  }
  const session = { ...(tx.session && { session: tx.session }) };
  await entity.collection.insertMany(documents, session).catch((error) => {
    throw translateError(error);
  });
  const told = documents.map((document) => pickVisible(entity, document));
  await recordEvents(tx, entity, 'created', told as Base[]);
  return documents as T[];
}

export interface Update {
  /** Dotted path → new value, already of the stored type. */
  set?: Values;
  times?: Times;
  unset?: string[];
}

/** What a client changes by PATCH, in one command: the answer tells it, and no event. */
const OWN_CHANGE = 'update';

/**
 * Changes one document, if the filter finds it, and writes the audit entry in the same atomic
 * command, in which MongoDB itself records the values before. Of an entity with events, the event is
 * written in the same transaction. Returns what is stored now, or null.
 * @throws AppError VALIDATION_FAILED, DUPLICATE
 */
export async function update<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  change: Update,
  action: string | null = OWN_CHANGE,
): Promise<T | null> {
  if (hasEvents(entity) && !ctx.session && action !== OWN_CHANGE) {
    return transaction(ctx, (tx) => update(tx, entity, filter, change, action));
  }
  const unset = change.unset ?? [];
  const bound = await encryptChange(ctx, entity, filter, change.set ?? {});
  if (!bound) return null;
  const { where, set } = bound;
  await validatePaths(entity, set).catch((error) => {
    throw translateError(error);
  });
  const now = new Date(ctx.clock());
  const dates = makeDates(ctx, change.times);
  const stage: mongo.Document = {
    ...Object.fromEntries(Object.entries(set).map(([path, v]) => [path, { $literal: v }])),
    ...dates,
    updatedAt: now,
    version: { $add: ['$version', 1] },
  };
  if (entity.options.audited !== false && action) {
    const changes = describeChanges(entity, { ...set, ...dates }, unset);
    const entry = toExpression(makeAuditEntry(ctx, action, changes), dates);
    stage.outbox = { $concatArrays: [{ $ifNull: ['$outbox', []] }, [entry]] };
  }
  const pipeline: mongo.Document[] = [{ $set: stage }];
  if (unset.length > 0) pipeline.push({ $unset: unset });
  ctx.noteWrite?.();
  try {
    const found = await entity.collection.findOneAndUpdate(where, pipeline, {
      returnDocument: 'after',
      projection: projectVisible(entity),
      ...(ctx.session && { session: ctx.session }),
    });
    if (found && ctx.session) {
      await recordEvents(ctx, entity, nameChange(entity, set), [found as Base]);
    }
    return found as T | null;
  } catch (error) {
    throw translateError(error);
  }
}

/**
 * Deletes one document. The caller inserts the audit event, since there is no outbox left for it.
 */
export async function removeOne<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
): Promise<T | null> {
  ctx.noteWrite?.();
  const found = await entity.collection.findOneAndDelete(filter, {
    ...(ctx.session && { session: ctx.session }),
  });
  return found as T | null;
}

function auditCreation(ctx: Ctx, entity: Entity, document: Stored, action: string): void {
  if (entity.options.audited !== false) {
    document.outbox = [makeAuditEntry(ctx, action, listCreations(entity, document))];
  }
}

/** Inserts a document: by an upsert, where the database has to compute some of its dates. */
async function store(ctx: Ctx, entity: Entity, document: Stored, times?: Times): Promise<void> {
  const session = { ...(ctx.session && { session: ctx.session }) };
  if (!times) {
    await entity.collection.insertOne(document, session);
    return;
  }
  const dates = makeDates(ctx, times);
  const [entry] = (document.outbox ?? []) as AuditEntry[];
  const outbox = entry && { outbox: [toExpression(entry, dates)] };
  await insertComputed(entity.collection, document, { ...dates, ...outbox }, session);
}

function makeDates(ctx: Ctx, times: Times = {}): Record<string, DateExpression> {
  const dates = Object.entries(times).map(([path, ms]) => [path, databaseTime(ctx, ms)]);
  return Object.fromEntries(dates);
}

async function validateNew(ctx: Ctx, entity: Entity, values: Values & Owner): Promise<Stored> {
  try {
    const clear = addClearDefaults(entity, values);
    const document = await validateDocument(
      entity,
      await encryptFields(ctx, entity, values, clear),
    );
    if (entity.options.refine) checkRules(entity, showClear(entity, document, clear));
    return document;
  } catch (error) {
    throw translateError(error);
  }
}

/**
 * Encrypts the values of an update. Ciphertext is bound to document and owner, so those, which
 * never change, are read first.
 */
async function encryptChange(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  set: Values,
): Promise<{ where: TypedFilter; set: Values } | null> {
  if (!Object.keys(set).some((path) => isEncryptedPath(entity, path)))
    return { where: filter, set };
  const owner = await findOne(ctx, entity, filter, { projection: { user: 1 } });
  if (!owner) return null;
  try {
    const where = { ...filter, _id: owner._id };
    return { where, set: await encryptFields(ctx, entity, owner, set) };
  } catch (error) {
    throw translateError(error);
  }
}

function checkRules(entity: Entity, document: Values): void {
  const faults = entity.options.refine?.(document) ?? [];
  if (faults.length > 0) throw invalid(faults);
}

function describeChanges(entity: Entity, set: Values, unset: string[]): Change[] {
  const changed: [string, unknown][] = [
    ...Object.entries(set),
    ...unset.map((path): [string, unknown] => [path, null]),
  ];
  return changed
    .filter(([path]) => isAudited(entity, path))
    .map(([path, after]) => ({
      path,
      before: isEncryptedPath(entity, path) ? markBefore(path) : readBefore(entity, path),
      after: auditValue(entity, path, after),
    }));
}

/** The expression of the value before; of one that is long, its size. */
function readBefore(entity: Entity, path: string): mongo.Document {
  const value = { $ifNull: [`$${path}`, null] };
  if (isShort(entity.shape.fields[path]?.shape)) return value;
  const size = { $bsonSize: { value } };
  return {
    $cond: [{ $gt: [size, 2048] }, { $concat: ['(', { $toString: size }, ' bytes)'] }, value],
  };
}

function markBefore(path: string): mongo.Document {
  return { $cond: [{ $ifNull: [`$${path}`, false] }, ENCRYPTED_MARK, null] };
}

/** Whether a value is never too long for an audit entry, so that MongoDB need not measure it. */
function isShort(shape: Shape | undefined): boolean {
  if (shape?.kind === 'string') return shape.enum !== undefined || (shape.max ?? 2048) < 500;
  return ['number', 'boolean', 'date', 'id'].includes(shape?.kind ?? '');
}

/** The entry as an aggregation expression, in which the values before are evaluated, and dates. */
function toExpression(entry: AuditEntry, dates: Record<string, DateExpression>): mongo.Document {
  const { changes, ...rest } = entry;
  const evaluated = changes.map((c) => ({
    path: { $literal: c.path },
    before: c.before,
    after: dates[c.path] ?? { $literal: c.after },
  }));
  return { $mergeObjects: [{ $literal: rest }, { changes: evaluated }] };
}

function findDuplicatePath(error: unknown): string | undefined {
  if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== 11000) return undefined;
  const keys = Object.keys((error.keyPattern as object | undefined) ?? {});
  return keys.filter((k) => k !== 'user').join('+') || keys.join('+');
}

/** Our messages for Mongoose's validators: its own name its classes, and repeat the value. */
const BROKEN: Record<string, string | undefined> = {
  required: 'is required',
  minlength: 'is too short',
  maxlength: 'is too long',
  min: 'is too small',
  max: 'is too large',
  enum: 'is none of the allowed values',
  regexp: 'has characters or a form that is not allowed',
};

/** Translates an error of the database or Mongoose into one of ours. */
function translateError(error: unknown): unknown {
  if (error instanceof mongoose.Error.ValidationError) {
    return invalid(
      Object.values(error.errors).map((e) => ({
        path: e.path ?? '',
        message: BROKEN[e.kind ?? ''] ?? 'is not valid',
      })),
    );
  }
  const path = findDuplicatePath(error);
  if (path) {
    return new AppError('DUPLICATE', `This ${path} is taken.`, {
      errors: [{ path, message: 'is taken' }],
      cause: error,
    });
  }
  return error;
}
