import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { type AuditEntry, auditEntry, auditEvent } from './audit.ts';
import { type Base, type Entity, entityNamed, type Stored } from './entity.ts';
import { newId, type UUID } from './ids.ts';
import { findMany, type TypedFilter } from './read.ts';
import { type Reference, referencesOf, referencesTo, restrictRemoval } from './references.ts';
import { transaction } from './transaction.ts';
import { removeOne } from './write.ts';

/** How many children one transaction takes along. */
const BATCH = 100;

/**
 * Deletes a document. In one transaction: the document goes, its audit event and a `sweep` job are
 * written; after that commit its children are swept at once, and the job sweeps again what a crash
 * left, and the objects in S3. Returns the document, or null when the filter finds none.
 * @throws AppError IN_USE when a `restrict` reference stands in the way
 */
export async function remove<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
): Promise<{ document: T; job: UUID | undefined } | null> {
  const id = filter._id as UUID;
  await restrictRemoval(ctx, entity, id);
  const gone = await transaction(ctx, async (tx) => {
    const document = await removeOne(tx, entity, filter);
    return document && { document, job: await recordRemoval(tx, entity, [document]) };
  });
  if (!gone) return null;
  await uncount(entity, [gone.document]);
  await sweepChildren(ctx, entity, id);
  return gone;
}

/** Removes or releases whatever refers to a document that is gone. May run any number of times. */
export async function sweepChildren(ctx: Ctx, entity: Entity, id: UUID): Promise<void> {
  for (const reference of referencesTo(entity.name)) {
    if (reference.onDelete === 'cascade') await cascade(ctx, reference, id);
    if (reference.onDelete === 'unset') await release(ctx, reference, id);
  }
}

async function cascade(ctx: Ctx, { entity: child, path }: Reference, parent: UUID): Promise<void> {
  for (;;) {
    const children = await transaction(ctx, async (tx) => {
      const found = await findMany(tx, child, { [path]: parent }, { limit: BATCH });
      if (found.length === 0) return found;
      const ids = found.map((c) => c._id);
      await child.collection.deleteMany(
        { _id: { $in: ids } },
        {
          ...(tx.session && { session: tx.session }),
        },
      );
      await recordRemoval(tx, child, found);
      return found;
    });
    for (const gone of children) await sweepChildren(ctx, child, gone._id);
    if (children.length < BATCH) return;
  }
}

async function release(ctx: Ctx, { entity: child, path }: Reference, parent: UUID): Promise<void> {
  const entry = auditEntry(ctx, 'update', [{ path, before: parent, after: null }]);
  const change: mongo.Document = {
    $unset: { [path]: 1 },
    $set: { updatedAt: new Date(ctx.clock()) },
    $inc: { version: 1 },
    ...(child.options.audited !== false && { $push: { outbox: entry } }),
  };
  await child.collection.updateMany({ [path]: parent }, change);
}

/** One audit event each, and one `sweep` job where children or objects may be left. */
async function recordRemoval(ctx: Ctx, entity: Entity, gone: Base[]): Promise<UUID | undefined> {
  const session = ctx.session && { session: ctx.session };
  if (entity.options.audited !== false) {
    const events = gone.map((d) => auditEvent(entity, d, auditEntry(ctx, 'delete', [])));
    const waiting = gone.flatMap((d) => outboxOf(d).map((entry) => auditEvent(entity, d, entry)));
    await entityNamed('AuditEvent').collection.insertMany([...waiting, ...events], {
      ...session,
    });
  }
  if (!entity.options.objects && referencesTo(entity.name).length === 0) return undefined;
  const now = new Date(ctx.clock());
  const job = {
    _id: newId(now.getTime()),
    type: 'sweep',
    input: {
      entity: entity.name,
      documents: gone.map((d) => ({ id: d._id, ...(d.user && { user: d.user }) })),
    },
    status: 'QUEUED',
    progress: 0,
    priority: 1,
    attempts: 0,
    maxAttempts: 10,
    losses: 0,
    runAfter: now,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  await entityNamed('Job').collection.insertOne(job, { ...session });
  return job._id;
}

function outboxOf(document: Base): AuditEntry[] {
  return (document as Base & { outbox?: AuditEntry[] }).outbox ?? [];
}

/** Takes removed documents out of their parents' counts. */
async function uncount(entity: Entity, gone: Base[]): Promise<void> {
  for (const [path, count] of Object.entries(entity.options.countedIn ?? {})) {
    const to = referencesOf(entity).find((r) => r.path === path)?.to;
    for (const document of to ? gone : []) {
      const parent = (document as Stored)[path] as UUID;
      await entityNamed(to as string).collection.updateOne(
        { _id: parent },
        { $inc: { [count]: -1 } },
      );
    }
  }
}
