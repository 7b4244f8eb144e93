import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Ctx } from '../../context.ts';
import { cast } from '../../data/cast.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import type { Base, Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences, confirmChange, readPath } from '../../data/references.ts';
import { listStoredNames, type ObjectShape } from '../../data/shape.ts';
import { update } from '../../data/write.ts';
import { AppError, type Fault, invalid, notFound } from '../../errors.ts';
import { preconditionFailed } from './etag.ts';

type Values = Record<string, unknown>;

/** How often it tries to write a document that others keep changing. 64 writers at once need about half. */
const TRIES = 20;
/** What the last try and its answer need of the caller's time, in ms. */
const RESERVE = 1000;

/**
 * Applies a JSON Merge Patch to one document and returns what is stored now. Simple fields are
 * written in one atomic command. Free-form objects are read, merged and written back under an
 * optimistic lock: if the version has changed meanwhile, it tries again.
 * @param versions the versions that If-Match allows
 * @param judge finds further faults in what would be stored, of an entity with rules across fields
 * @throws AppError NOT_FOUND, PRECONDITION_FAILED, VALIDATION_FAILED, DUPLICATE, CONFLICT
 */
export async function patch<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  body: Values,
  versions: number[] | undefined,
  judge?: (next: Values) => Promise<Fault[]>,
): Promise<T> {
  const guarded = versions ? { ...filter, version: { $in: versions } } : filter;
  const flat = flatten(entity.shape, body);
  if (flat.references) {
    await checkReferences(ctx, entity, flat.set);
  }
  const mustRead = flat.free.length > 0 || flat.counted.length > 0 || entity.options.refine;
  if (!mustRead) {
    const { set, unset } = flat;
    const nothing = Object.keys(set).length === 0 && unset.length === 0;
    const stored = nothing
      ? await findOne(ctx, entity, guarded)
      : await update(ctx, entity, guarded, { set, unset });
    if (!stored) throw await explainAbsence(ctx, entity, filter, versions);
    if (flat.references) await confirmChange(ctx, entity, stored._id, set);
    return stored;
  }
  for (let tries = 1; ; tries++) {
    const began = performance.now();
    const current = await findOne(ctx, entity, guarded);
    if (!current) throw await explainAbsence(ctx, entity, filter, versions);
    await decryptFields(ctx, entity, [current]);
    const { set, unset } = mergeChanges(entity, current, flat);
    const faults = judge ? await judge({ ...current, ...set }) : [];
    if (faults.length > 0) throw invalid(faults);
    const where = { ...filter, version: current.version };
    const stored = await update(ctx, entity, where, { set, unset });
    if (stored && flat.references) await confirmChange(ctx, entity, current._id, set);
    if (stored) return stored;
    const now = performance.now();
    const pause = backoff(tries, now - began);
    if (tries === TRIES || now + pause > ctx.deadline - RESERVE) {
      const message = 'Others are changing it at the same time; try again.';
      throw new AppError('CONFLICT', message, { retryAfter: 1 });
    }
    await setTimeout(pause);
  }
}

/**
 * Exponential backoff with full jitter, else the same writers meet again. A try that took long had many
 * others beside it, or a slow machine: the pause grows with it. In ms.
 */
function backoff(tries: number, took: number): number {
  return Math.random() * Math.max(Math.min(2 ** (tries + 2), 1000), 4 * took);
}

async function explainAbsence(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  versions: number[] | undefined,
): Promise<AppError> {
  const stands = versions && (await findOne(ctx, entity, filter, { projection: { _id: 1 } }));
  return stands ? preconditionFailed(versions) : notFound();
}

interface Flat {
  set: Values;
  unset: string[];
  /** Free-form fields, whose patches are merged with what is stored now. */
  free: [path: string, patch: Values, maxBytes: number | undefined][];
  /** Fields whose changes are counted, each with the field that counts them. */
  counted: [path: string, counter: string][];
  references: boolean;
}

function flatten(shape: ObjectShape, body: Values, prefix = ''): Flat {
  const flat: Flat = { set: {}, unset: [], free: [], counted: [], references: false };
  const names = listStoredNames(shape);
  for (const [publicName, value] of Object.entries(body)) {
    const name = names.get(publicName) ?? publicName;
    const path = prefix + name;
    const field = shape.fields[name];
    const stored = field?.shape;
    if (field?.countedIn && stored?.kind !== 'id') flat.counted.push([path, field.countedIn]);
    // Any other encrypted value is written whole; a free-form one is merged.
    const inner =
      stored?.kind === 'encrypted' && stored.inner.kind === 'free' ? stored.inner : stored;
    if (value === null) flat.unset.push(path);
    else if (inner?.kind === 'free') flat.free.push([path, value as Values, inner.maxBytes]);
    else if (inner?.kind === 'object') {
      const deep = flatten(inner, value as Values, `${path}.`);
      Object.assign(flat.set, deep.set);
      flat.unset.push(...deep.unset);
      flat.free.push(...deep.free);
      flat.counted.push(...deep.counted);
      flat.references ||= deep.references;
    } else if (inner) {
      flat.set[path] = cast(inner, value);
      flat.references ||= inner.kind === 'id' || inner.kind === 'array';
    }
  }
  return flat;
}

function mergeChanges(entity: Entity, current: Base, flat: Flat): { set: Values; unset: string[] } {
  const set = { ...flat.set };
  const faults = [];
  for (const [path, change, maxBytes] of flat.free) {
    const value = mergePatch(readPath(current, path)[0], change);
    if (maxBytes !== undefined && Buffer.byteLength(JSON.stringify(value)) > maxBytes) {
      faults.push({ path, message: `would exceed ${maxBytes} bytes` });
    }
    set[path] = value;
  }
  if (entity.options.refine) {
    const next: Values = { ...current, ...set };
    for (const path of flat.unset) delete next[path];
    faults.push(...entity.options.refine(next));
  }
  if (faults.length > 0) throw invalid(faults);
  for (const [path, counter] of flat.counted) {
    const [before] = readPath(current, path);
    const after = path in set ? set[path] : undefined;
    const [count] = readPath(current, counter);
    if (!isDeepStrictEqual(after, before)) set[counter] = (count as number) + 1;
  }
  return { set, unset: flat.unset };
}

/**
 * RFC 7396 for a free-form value: null removes a member, objects are merged, anything else is
 * replaced.
 */
function mergePatch(target: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Values = isObject ? { ...(target as Values) } : {};
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}
