import mongoose, { type SchemaType } from 'mongoose';
import type { Entity, Stored } from './entity.ts';

type Values = Record<string, unknown>;

/** What Mongoose's types do for its documents, and can do without one. */
type PlainType = SchemaType & {
  applySetters(value: unknown, scope: null): unknown;
  getDefault(scope: null): unknown;
  doValidateSync(value: unknown, scope: null): Error | null;
};

/**
 * A new document as Mongoose would store it: set, cast, with defaults, and validated by Mongoose's own
 * types. Without making a Mongoose document of it, which costs ten times as much; that is left to what has
 * a fault, so that Mongoose names it, and to what is more than plain fields.
 * @throws mongoose.Error.ValidationError, StrictModeError
 */
export async function validated(entity: Entity, values: Values): Promise<Stored> {
  return plainly(entity, values) ?? hydrated(entity, values);
}

/** Validates the new values of some paths. @throws mongoose.Error.ValidationError */
export async function validatePaths(entity: Entity, set: Values): Promise<void> {
  const paths = Object.keys(set);
  if (paths.every((path) => checked(entity.schema.paths[path], set[path]) !== undefined)) return;
  await entity.model.validate(unflatten(set), paths);
}

function plainly(entity: Entity, values: Values): Stored | undefined {
  const { paths } = entity.schema;
  for (const name of Object.keys(values)) if (!paths[name]) return undefined;
  const document: Values = {};
  for (const [path, type] of Object.entries(paths)) {
    const given = values[path];
    const value = given === undefined ? (type as PlainType).getDefault(null) : given;
    if (value === undefined) {
      if (type.isRequired) return undefined;
      continue;
    }
    const stored = checked(type, value);
    if (stored === undefined) return undefined;
    document[path] = stored;
  }
  return document as Stored;
}

const PLAIN = new Set(['String', 'Number', 'Boolean', 'Date', 'UUID', 'Mixed']);

/** The value as it is stored; undefined where a plain look does not do. */
function checked(type: SchemaType | undefined, value: unknown): unknown {
  if (!type || !PLAIN.has(type.instance) || value === null || value === undefined) return undefined;
  try {
    const stored = (type as PlainType).applySetters(value, null);
    return (type as PlainType).doValidateSync(stored, null) ? undefined : stored;
  } catch (error) {
    if (error instanceof mongoose.Error.CastError) return undefined;
    throw error;
  }
}

async function hydrated(entity: Entity, values: Values): Promise<Stored> {
  const document = new entity.model(values);
  await document.validate();
  const plain = document.toObject({ flattenMaps: true, virtuals: false }) as unknown as Stored;
  for (const name of Object.keys(plain)) if (plain[name] === undefined) delete plain[name];
  return plain;
}

/** `{ 'a.b': 1 }` → `{ a: { b: 1 } }` */
function unflatten(set: Values): Values {
  const root: Values = {};
  for (const [path, value] of Object.entries(set)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let at = root;
    for (const name of names) {
      at[name] ??= {};
      at = at[name] as Values;
    }
    at[last] = value;
  }
  return root;
}
