import type { mongo } from 'mongoose';
import { type Ctx, hostClock } from '../context.ts';
import { database } from './connection.ts';
import { withDeadline } from './deadlines.ts';
import type { Stored } from './entity.ts';
import type { UUID } from './ids.ts';

// What several processes judge together, such as a lease, a window or an expiry, is written and judged
// by the clock of the database: those of the hosts differ, and jump. In this one place a context's clock
// counts, too: what it is ahead of the host's is added, so that a test moves time by `ctx.clock`.

/** An expression of MongoDB that evaluates to a date. */
export type DateExpression = '$$NOW' | { $add: ['$$NOW', number] };

/** The database's time, so many ms from now; before now where negative. */
export function databaseTime(ctx: Ctx, ms = 0): DateExpression {
  const ahead = ctx.clock === hostClock ? 0 : ctx.clock() - Date.now();
  return ahead + ms === 0 ? '$$NOW' : { $add: ['$$NOW', ahead + ms] };
}

/** What time it is by the database's clock. */
export async function readDatabaseTime(ctx: Ctx): Promise<Date> {
  const { localTime } = await withDeadline(database().command({ hello: 1 }));
  const ahead = ctx.clock === hostClock ? 0 : ctx.clock() - Date.now();
  return new Date((localTime as Date).getTime() + ahead);
}

/** Before any date that is stored. */
export const LONG_AGO = new Date(0);

/** The common fields of a document that one pipeline makes, or changes where it is there already. */
export function upsertCommon(ctx: Ctx, newId: UUID) {
  const now = databaseTime(ctx);
  return {
    _id: { $ifNull: ['$_id', newId] },
    createdAt: { $ifNull: ['$createdAt', now] },
    updatedAt: now,
    version: { $add: [{ $ifNull: ['$version', 0] }, 1] },
  };
}

/** A filter: the date at `path` has come, at least so many ms ago. A filter can hold one such. */
export function hasCome(ctx: Ctx, path: string, ms = 0) {
  return { $expr: { $lte: [`$${path}`, databaseTime(ctx, -ms)] } };
}

/** A filter: the date at `path` is still to come, or was less than so many ms ago. */
export function isToCome(ctx: Ctx, path: string, ms = 0) {
  return { $expr: { $gt: [`$${path}`, databaseTime(ctx, -ms)] } };
}

/** An expression: the date at `path` has come, at least so many ms ago, or there is none. */
export function isPastOrMissing(ctx: Ctx, path: string, ms = 0) {
  return { $lte: [{ $ifNull: [`$${path}`, LONG_AGO] }, databaseTime(ctx, -ms)] };
}

/**
 * Inserts a document of which some fields are computed by the database, and puts these into it, too.
 * An existing id is a duplicate, as of any insert.
 */
export async function insertComputed(
  collection: mongo.Collection<Stored>,
  document: Stored,
  computed: Record<string, unknown>,
  options: { session?: mongo.ClientSession } = {},
): Promise<void> {
  // No document is without a version: this finds none, so it inserts.
  const none = { _id: document._id, version: { $exists: false } };
  const whole = { $mergeObjects: [{ $literal: document }, computed] };
  const projection = Object.fromEntries(Object.keys(computed).map((path) => [path, 1]));
  const made = await collection.findOneAndUpdate(none, [{ $replaceWith: whole }], {
    ...options,
    upsert: true,
    returnDocument: 'after',
    projection,
  });
  Object.assign(document, made);
}
