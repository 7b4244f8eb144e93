import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { type AuditEntry, type Change, makeAuditEntry, makeLooseEvent } from './audit.ts';
import { type Base, type Entity, entityNamed, type Stored } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import type { UUID } from './ids.ts';
import { aggregate, findMany, findOne } from './read.ts';
import { recordDeletions } from './record-events.ts';
import {
  makeRelease,
  type Reference,
  referencesOf,
  referencesTo,
  restrictionsOn,
  restrictRemoval,
} from './references.ts';
import { transaction } from './transaction.ts';
import { removeOne } from './write.ts';

/** How many children one transaction takes along. */
const BATCH = 100;
/**
 * How many batches of each kind of child go while the caller waits; the `sweep` job takes the rest.
 */
const AT_ONCE = 5;

/** How a document goes that may come back. */
export interface Keep<T extends Base> {
  /** What the audit calls it. */
  action: string;
  /**
   * Stores it elsewhere, in the transaction of its removal; false when it is not worth it. Its
   * objects stay.
   */
  store(ctx: Ctx, document: T): Promise<boolean>;
}

/** Deleted documents whose children and objects may still be there. */
export interface Leftovers {
  /** The name of their entity. */
  entity: string;
  /** `objects` are keys in S3, and prefixes that end in a slash. */
  documents: { id: UUID; objects?: string[] }[];
}

/**
 * Enqueues the job that sweeps what is left, in the transaction of the removal. Returns its id.
 * @param freed the documents that are gone for good
 */
export type EnqueueSweep = (tx: Ctx, leftovers: Leftovers, freed: Base[]) => Promise<UUID>;

/**
 * Deletes a document. In one transaction: the document goes, its audit event and a sweep job are
 * written; after that commit its children are swept at once, and the job sweeps again what a crash
 * left, and the objects in S3. Returns the document and the jobs to ring for, or null when the
 * filter finds none.
 * @throws AppError IN_USE when a `restrict` reference stands in the way
 */
export async function remove<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  enqueueSweep: EnqueueSweep,
  keep?: Keep<T>,
): Promise<{ document: T; jobs: UUID[] } | null> {
  const id = filter._id as UUID;
  await restrictRemoval(ctx, entity, filter);
  const gone = await transaction(ctx, async (tx) => {
    const document = await removeOne(tx, entity, filter);
    if (!document) return null;
    const isKept = keep ? await keep.store(tx, document) : false;
    const action = isKept && keep ? keep.action : 'delete';
    const jobs = await recordRemoval(tx, entity, [document], enqueueSweep, { action, isKept });
    return { document, jobs };
  });
  if (!gone) return null;
  await uncount(entity, [gone.document]);
  const swept = await sweepChildren(ctx, entity, id, enqueueSweep, AT_ONCE);
  return { document: gone.document, jobs: [...gone.jobs, ...swept] };
}

/**
 * Takes documents out of their collection, in the caller's transaction, that nothing refers to and
 * whose objects, if any, stay. What waits in their outboxes is told.
 */
export async function takeOut(
  ctx: Ctx,
  entity: Entity,
  documents: Base[],
  action: string,
): Promise<void> {
  if (documents.length === 0) return;
  const ids = documents.map((d) => d._id);
  const session = ctx.session && { session: ctx.session };
  await entity.collection.deleteMany({ _id: { $in: ids } }, { ...session });
  await tellRemoval(ctx, entity, documents, action);
}

/**
 * Removes or releases whatever refers to a document that is gone. May run any number of times.
 * @param batches the most of each kind of child
 * @returns the jobs to ring for
 */
export async function sweepChildren(
  ctx: Ctx,
  entity: Entity,
  id: UUID,
  enqueueSweep: EnqueueSweep,
  batches = Number.POSITIVE_INFINITY,
): Promise<UUID[]> {
  const jobs: UUID[] = [];
  for (const reference of referencesTo(entity.name)) {
    if (reference.onDelete === 'cascade') {
      jobs.push(...(await cascade(ctx, reference, id, enqueueSweep, batches)));
    }
    if (reference.onDelete === 'unset') await release(ctx, reference, id);
  }
  return jobs;
}

async function cascade(
  ctx: Ctx,
  reference: Reference,
  parent: UUID,
  enqueueSweep: EnqueueSweep,
  batches: number,
): Promise<UUID[]> {
  const { entity: child, path, required } = reference;
  const jobs: UUID[] = [];
  for (let i = 0; i < batches; i++) {
    const batch = await transaction(ctx, async (tx) => {
      // Restored meanwhile, with these: what comes back after this look is not seen, and not taken.
      if (await stands(tx, reference, parent))
        return { found: [], going: [], standing: [], jobs: [] };
      // Whole, outboxes included: what waits in them is kept.
      const whole = { projection: {}, limit: BATCH };
      const found = await findMany(tx, child, { [path]: parent }, whole);
      const standing = required ? [] : await restricted(tx, child, found);
      const going = found.filter((d) => !standing.some((id) => id.equals(d._id)));
      if (going.length > 0) {
        const ids = going.map((c) => c._id);
        const session = tx.session && { session: tx.session };
        await child.collection.deleteMany({ _id: { $in: ids } }, { ...session });
      }
      const swept = going.length > 0 ? await recordRemoval(tx, child, going, enqueueSweep) : [];
      return { found, going, standing, jobs: swept };
    });
    jobs.push(...batch.jobs);
    if (batch.standing.length > 0) {
      await release(ctx, reference, parent, { _id: { $in: batch.standing } });
    }
    for (const { _id } of batch.going)
      jobs.push(...(await sweepChildren(ctx, child, _id, enqueueSweep)));
    if (batch.found.length < BATCH) break;
  }
  return jobs;
}

/** Whether the parent is there, after all: what was only kept elsewhere may come back. */
async function stands(ctx: Ctx, { to }: Reference, parent: UUID): Promise<boolean> {
  const found = await findOne(ctx, entityNamed(to), { _id: parent }, { projection: { _id: 1 } });
  return found !== null;
}

/**
 * Which of these something that `restrict`s refers to: the ledger's jobs outlive their project,
 * without it.
 */
async function restricted(ctx: Ctx, entity: Entity, documents: Base[]): Promise<UUID[]> {
  const ids = documents.map((d) => d._id);
  const holders = restrictionsOn(entity.name);
  const found = await Promise.all(
    holders.map((r) =>
      aggregate<{ _id: UUID }>(ctx, r.entity, [
        { $match: { [r.path]: { $in: ids } } },
        { $group: { _id: `$${r.path}` } },
      ]),
    ),
  );
  return found.flat().map((d) => d._id);
}

async function release(
  ctx: Ctx,
  reference: Reference,
  parent: UUID,
  among: TypedFilter = {},
): Promise<void> {
  const { entity: child, path } = reference;
  const { update: releasal, ...options } = makeRelease(reference, parent);
  const changes = [{ path, before: parent, after: null }];
  for (;;) {
    if (Object.keys(among).length === 0 && (await stands(ctx, reference, parent))) return;
    const some = { limit: BATCH, projection: { _id: 1 } };
    const found = await findMany(ctx, child, { ...among, [path]: parent }, some);
    if (found.length === 0) return;
    // One by one: each has an audit entry with an id of its own.
    const writes = found.map(({ _id }) => {
      const update: mongo.Document = {
        ...releasal,
        $set: { updatedAt: new Date(ctx.clock()) },
        $inc: { version: 1 },
        ...(child.options.audited !== false && {
          $push: { outbox: makeAuditEntry(ctx, 'update', changes) },
        }),
      };
      return { updateOne: { filter: { _id, [path]: parent }, update, ...options } };
    });
    await child.collection.bulkWrite(writes, { ordered: false });
    if (found.length < BATCH) return;
  }
}

/** Writes one audit event each, and one sweep job where children or objects may be left. */
async function recordRemoval(
  ctx: Ctx,
  entity: Entity,
  gone: Base[],
  enqueueSweep: EnqueueSweep,
  { action = 'delete', isKept = false } = {},
): Promise<UUID[]> {
  await tellRemoval(ctx, entity, gone, action);
  const objects = isKept ? undefined : entity.options.objects;
  if (!objects && referencesTo(entity.name).length === 0) return [];
  const documents = gone.map((d) => ({ id: d._id, ...(objects && { objects: objects(d) }) }));
  const freed = isKept ? [] : gone;
  return [await enqueueSweep(ctx, { entity: entity.name, documents }, freed)];
}

async function tellRemoval(ctx: Ctx, entity: Entity, gone: Base[], action: string): Promise<void> {
  await recordDeletions(ctx, entity, gone);
  if (entity.options.audited === false) return;
  const events = gone.map((d) =>
    makeLooseEvent(entity, d, makeAuditEntry(ctx, action, listRemovals(entity, d))),
  );
  const waiting = gone.flatMap((d) => outboxOf(d).map((entry) => makeLooseEvent(entity, d, entry)));
  // Some may be in the chain already, and only not yet out of the document: no event is appended twice.
  await entityNamed('LooseEvent').collection.insertMany([...waiting, ...events], {
    ...(ctx.session && { session: ctx.session }),
  });
}

/** Of what is stored in S3 its bytes: whoever counts those has no document left to ask. */
function listRemovals(entity: Entity, document: Base): Change[] {
  const { bytes } = entity.options;
  return bytes ? [{ path: 'size', before: bytes(document as Stored), after: null }] : [];
}

function outboxOf(document: Base): AuditEntry[] {
  return (document as Base & { outbox?: AuditEntry[] }).outbox ?? [];
}

/** Takes removed documents out of their parents' counts. */
async function uncount(entity: Entity, gone: Base[]): Promise<void> {
  for (const { path, to, countedIn } of referencesOf(entity)) {
    for (const document of countedIn ? gone : []) {
      const parent = (document as Stored)[path] as UUID;
      const change = { $inc: { [countedIn as string]: -1 } };
      await entityNamed(to).collection.updateOne({ _id: parent }, change);
    }
  }
}
