import type { Ctx } from '../context.ts';
import { AppError, type Fault, invalid } from '../errors.ts';
import { makeAuditEntry, makeLooseEvent } from './audit.ts';
import { countIn } from './counts.ts';
import { type Base, type Entity, entities, entityNamed } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, type UUID } from './ids.ts';
import { findOne } from './read.ts';
import { getReaders } from './readers.ts';
import type { OnDelete } from './schema-words.ts';
import type { ObjectShape } from './shape.ts';

/** A field that holds the id of another document. */
export interface Reference {
  /** Who holds it. */
  entity: Entity;
  path: string;
  /** The name of the entity referred to. */
  to: string;
  onDelete: OnDelete;
  required: boolean;
  /** The field of the document referred to that counts those which hold it. */
  countedIn?: string | undefined;
  /** The array whose items hold it, when it is not in the document itself. */
  array?: string;
}

/** Every reference that an entity holds. */
export function referencesOf(entity: Entity): Reference[] {
  let found = known.get(entity.name);
  if (!found) {
    found = collectReferences(entity, entity.shape, '');
    known.set(entity.name, found);
  }
  return found;
}

const known = new Map<string, Reference[]>();

/** Every reference that points at an entity, over the whole registry. */
export function referencesTo(name: string): Reference[] {
  return [...entities.values()].flatMap((e) => referencesOf(e).filter((r) => r.to === name));
}

/** Those of them that must be gone before such a document may go. */
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

/** How long a parent that was found is taken to be there, in ms, by what looks again after its write. */
const SEEN = 4000;
const MOST_SEEN = 5000;

const seen = new Map<string, number>();

/**
 * Before a write: every reference in it exists, and whoever writes may read it.
 * @param again whether `confirmReferences` follows: then a parent found a moment ago will do
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
      // Who may read a document never changes, where it is its owner; whether it is there, the second
      // look finds out.
      const key = `${'id' in ctx.actor && idText(ctx.actor.id)} ${to.name} ${idText(id)}`;
      const isFixed = again && to.options.readers === undefined;
      if (isFixed && (seen.get(key) ?? 0) > ctx.clock()) return [];
      const one = { ...filter, _id: id, ...ALIVE };
      const found = filter && (await findOne(ctx, to, one, { projection: { _id: 1 } }));
      if (!found) return [missingReference(reference)];
      if (seen.size >= MOST_SEEN) seen.delete(seen.keys().next().value as string);
      seen.set(key, ctx.clock() + SEEN);
      return [];
    }),
  );
  const faults = missing.flat();
  if (faults.length > 0) throw invalid(faults);
}

/** The ids that a document, or the paths set in one, refer to; but for its owner. */
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

/** What is at a dotted path, through objects and the items of arrays. */
export function readPath(value: unknown, path: string): unknown[] {
  if (value === null || value === undefined) return [];
  if (path === '') return [value];
  if (Array.isArray(value)) return value.flatMap((item) => readPath(item, path));
  const values = value as Record<string, unknown>;
  if (path in values) return readPath(values[path], '');
  const dot = path.indexOf('.');
  return dot < 0 ? [] : readPath(values[path.slice(0, dot)], path.slice(dot + 1));
}

/** The update that takes a reference to a document that has gone out of those that hold it. */
export function makeRelease({ path, array }: Reference, id: UUID) {
  const inItems = array && `${array}.$[item]${path.slice(array.length)}`;
  return {
    update: { $unset: { [inItems ?? path]: 1 } },
    ...(array && { arrayFilters: [{ [`item${path.slice(array.length)}`]: id }] }),
  };
}

/**
 * After an insert has been committed: reads every parent again, and takes the new document back when one
 * has gone meanwhile. Whoever deletes a parent sweeps its children after that commit, so that one of the
 * two always sees the other. Counts the document in its parents on the way.
 * @throws AppError VALIDATION_FAILED when it was taken back
 */
export async function confirmReferences(ctx: Ctx, entity: Entity, document: Base): Promise<void> {
  const faults: Fault[] = [];
  for (const { reference, id } of listHeld(entity, document)) {
    if (await confirmParent(ctx, reference, id)) continue;
    if (reference.onDelete === 'unset') await release(entity, document._id, reference, id);
    else faults.push(missingReference(reference));
  }
  if (faults.length === 0) return;
  await takeBack(ctx, entity, document);
  throw invalid(faults);
}

/**
 * The same after a change: of `set`, what refers to something that has gone meanwhile is taken out again.
 * @throws AppError VALIDATION_FAILED when that was so
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

/** Whether a parent is there, and counts the new child in it. */
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

/** As if it had never been; only where the audit chain has its creation already, its end is added, too. */
async function takeBack(ctx: Ctx, entity: Entity, { _id }: Base): Promise<void> {
  const taken = await entity.collection.findOneAndDelete({ _id });
  const isInChain = taken && entity.options.audited !== false && !taken.outbox?.length;
  if (!isInChain) return;
  const event = makeLooseEvent(entity, taken as Base, makeAuditEntry(ctx, 'delete', []));
  await entityNamed('AuditEvent').collection.insertOne(event);
}

/**
 * Marks a document as going, so that a `restrict` count cannot be overtaken; one that the filter does not
 * find is neither touched nor told of. @throws AppError IN_USE
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
  const mark = { $set: { removing: new Date(ctx.clock()) } };
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
