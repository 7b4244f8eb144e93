import type { Ctx } from '../context.ts';
import { AppError, type Fault, invalid } from '../errors.ts';
import { isWithin, type Moment, markMoment } from '../moment.ts';
import { makeAuditEntry, makeLooseEvent } from './audit.ts';
import { countIn } from './counts.ts';
import { databaseTime } from './database-time.ts';
import { type Base, type Entity, entities, entityNamed } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, type UUID } from './ids.ts';
import { findOne } from './read.ts';
import { getReaders } from './readers.ts';
import type { OnDelete } from './schema-words.ts';
import type { ObjectShape } from './shape.ts';

/** A field that holds the id of another document. */
export interface Reference {
  /** The entity that has the field. */
  entity: Entity;
  path: string;
  /** The name of the entity referred to. */
  to: string;
  onDelete: OnDelete;
  required: boolean;
  /** The field of the document referred to that counts the documents which refer to it. */
  countedIn?: string | undefined;
  /** The array whose items have the field, where it is in one. */
  array?: string;
}

/** Lists the references of an entity's documents to others. */
export function referencesOf(entity: Entity): Reference[] {
  let found = known.get(entity.name);
  if (!found) {
    found = collectReferences(entity, entity.shape, '');
    known.set(entity.name, found);
  }
  return found;
}

const known = new Map<string, Reference[]>();

/** Lists the references of all entities to this one. */
export function referencesTo(name: string): Reference[] {
  return [...entities.values()].flatMap((e) => referencesOf(e).filter((r) => r.to === name));
}

/** Lists those of them that prevent a deletion (`restrict`). */
export function restrictionsOn(name: string): Reference[] {
  return referencesTo(name).filter((r) => r.onDelete === 'restrict');
}

function collectReferences(entity: Entity, shape: ObjectShape, prefix: string): Reference[] {
  return Object.entries(shape.fields).flatMap(([name, field]): Reference[] => {
    const path = prefix + name;
    if (field.shape.kind === 'object') return collectReferences(entity, field.shape, `${path}.`);
    if (field.shape.kind === 'array' && field.shape.items.kind === 'object') {
      return collectReferences(entity, field.shape.items, `${path}.`).map((r) => ({
        ...r,
        array: path,
      }));
    }
    if (field.shape.kind !== 'id' || !field.shape.ref) return [];
    const onDelete = field.shape.onDelete ?? 'restrict';
    const { required, countedIn } = field;
    return [{ entity, path, to: field.shape.ref, onDelete, required, countedIn }];
  });
}

/** How long a parent that was found is cached, in ms, for writes that check it again afterwards. */
const SEEN = 4000;
const MOST_SEEN = 5000;

const seen = new Map<string, Moment>();

/**
 * Checks, before a write, that what it refers to exists and may be read by the actor.
 * @param again whether `confirmReferences` follows: then a cached result will do
 * @throws AppError VALIDATION_FAILED
 */
export async function checkReferences(
  ctx: Ctx,
  entity: Entity,
  values: Record<string, unknown>,
  again = false,
): Promise<void> {
  const missing = await Promise.all(
    listHeld(entity, values).map(async ({ reference, id }): Promise<Fault[]> => {
      const to = entityNamed(reference.to);
      const filter = getReaders(to)(ctx.actor);
      // An owner never changes, so the right to read may be cached; that the document still exists
      // is checked again after the write.
      const key = `${'id' in ctx.actor && idText(ctx.actor.id)} ${to.name} ${idText(id)}`;
      const isFixed = again && to.options.readers === undefined;
      const seenAt = seen.get(key);
      if (isFixed && seenAt && isWithin(seenAt, SEEN)) return [];
      const one = { ...filter, _id: id, ...ALIVE };
      const found = filter && (await findOne(ctx, to, one, { projection: { _id: 1 } }));
      if (!found) return [missingReference(reference)];
      if (seen.size >= MOST_SEEN) seen.delete(seen.keys().next().value as string);
      seen.set(key, markMoment());
      return [];
    }),
  );
  const faults = missing.flat();
  if (faults.length > 0) throw invalid(faults);
}

/** Lists the ids that a document, or the paths of an update, refer to, without the owner. */
function listHeld(
  entity: Entity,
  values: Record<string, unknown>,
): { reference: Reference; id: UUID }[] {
  return referencesOf(entity)
    .filter((r) => r.path !== 'user')
    .flatMap((reference) =>
      readPath(values, reference.path).map((id) => ({ reference, id: id as UUID })),
    );
}

/** Reads the values at a dotted path, through objects and the items of arrays. */
export function readPath(value: unknown, path: string): unknown[] {
  if (value === null || value === undefined) return [];
  if (path === '') return [value];
  if (Array.isArray(value)) return value.flatMap((item) => readPath(item, path));
  const values = value as Record<string, unknown>;
  if (path in values) return readPath(values[path], '');
  const dot = path.indexOf('.');
  return dot < 0 ? [] : readPath(values[path.slice(0, dot)], path.slice(dot + 1));
}

/** Makes the update that removes a reference to a deleted document. */
export function makeRelease({ path, array }: Reference, id: UUID) {
  const inItems = array && `${array}.$[item]${path.slice(array.length)}`;
  return {
    update: { $unset: { [inItems ?? path]: 1 } },
    ...(array && { arrayFilters: [{ [`item${path.slice(array.length)}`]: id }] }),
  };
}

/**
 * Reads, after an insert has been committed, every parent again, and deletes the new document when
 * one has been deleted meanwhile. Whoever deletes a parent deletes its children after that commit,
 * so one of the two always sees the other. Also counts the document in its parents.
 * @param undo deletes it; one that has children or objects already needs more than a new one does
 * @throws AppError VALIDATION_FAILED when it was deleted again
 */
export async function confirmReferences(
  ctx: Ctx,
  entity: Entity,
  document: Base,
  undo: (ctx: Ctx, entity: Entity, document: Base) => Promise<unknown> = takeBack,
): Promise<void> {
  const faults: Fault[] = [];
  for (const { reference, id } of listHeld(entity, document)) {
    // One that is kept may outlive what it refers to.
    if (reference.onDelete === 'keep' || (await confirmParent(ctx, reference, id))) continue;
    if (reference.onDelete === 'unset') await release(entity, document._id, reference, id);
    else faults.push(missingReference(reference));
  }
  if (faults.length === 0) return;
  await undo(ctx, entity, document);
  throw invalid(faults);
}

/**
 * The same after an update: references in `set` to a document that has been deleted meanwhile are
 * removed again.
 * @throws AppError VALIDATION_FAILED when there were any
 */
export async function confirmChange(
  ctx: Ctx,
  entity: Entity,
  id: UUID,
  set: Record<string, unknown>,
): Promise<void> {
  const faults: Fault[] = [];
  for (const { reference, id: referred } of listHeld(entity, set)) {
    const parent = { _id: referred, ...ALIVE };
    if (await findOne(ctx, entityNamed(reference.to), parent, { projection: { _id: 1 } })) continue;
    await release(entity, id, reference, referred);
    faults.push(missingReference(reference));
  }
  if (faults.length > 0) throw invalid(faults);
}

/** Whether a parent exists; counts the new child in it. */
async function confirmParent(ctx: Ctx, reference: Reference, id: UUID): Promise<boolean> {
  const parent = entityNamed(reference.to);
  const { countedIn } = reference;
  const filter = { _id: id, ...ALIVE };
  if (countedIn) return countIn(parent, filter, countedIn);
  return (await findOne(ctx, parent, filter, { projection: { _id: 1 } })) !== null;
}

async function release(entity: Entity, _id: UUID, reference: Reference, id: UUID): Promise<void> {
  const { update, ...options } = makeRelease(reference, id);
  const where = { _id, [reference.path]: id };
  await entity.collection.updateOne(where, { ...update, $inc: { version: 1 } }, options);
}

/** Deletes a new document; audited only if its creation is in the audit chain already. */
async function takeBack(ctx: Ctx, entity: Entity, { _id }: Base): Promise<void> {
  const taken = await entity.collection.findOneAndDelete({ _id });
  const isInChain = taken && entity.options.audited !== false && !taken.outbox?.length;
  if (!isInChain) return;
  const event = makeLooseEvent(entity, taken as Base, makeAuditEntry(ctx, 'delete', []));
  await entityNamed('LooseEvent').collection.insertOne(event);
}

/**
 * Checks that nothing refers to a document by a `restrict` reference. It is marked first, so that
 * no new reference is accepted meanwhile. A document that the filter does not find is not checked.
 * @throws AppError IN_USE
 */
export async function restrictRemoval(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
): Promise<void> {
  const id = filter._id as UUID;
  const restricting = restrictionsOn(entity.name);
  if (restricting.length === 0) return;
  const { collection } = entity;
  const mark = [{ $set: { removing: databaseTime(ctx) } }];
  if ((await collection.updateOne(filter, mark)).matchedCount === 0) return;
  const standing = await Promise.all(
    restricting.map(async (r) => {
      const projection = { _id: 1 };
      const some = await findOne(ctx, r.entity, { [r.path]: id }, { projection });
      return some ? [{ path: r.entity.collectionName, message: 'some of them refer to it' }] : [];
    }),
  );
  const errors = standing.flat();
  if (errors.length === 0) return;
  await collection.updateOne({ _id: id }, { $unset: { removing: 1 } });
  const names = errors.map((e) => e.path).join(', ');
  throw new AppError('IN_USE', `It is still referred to by ${names}.`, { errors });
}

const ALIVE = { removing: { $exists: false } };

function missingReference({ path, to }: Reference): Fault {
  return { path, message: `there is no such ${to.toLowerCase()}` };
}
