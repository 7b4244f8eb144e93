import mongoose, { type SchemaType } from 'mongoose';
import type { Entity, Stored } from './entity.ts';

type Values = Record<string, unknown>;

/** What schema types of Mongoose can do without a document. */
type PlainType = SchemaType & {
  defaultValue: unknown;
  applySetters(value: unknown, scope: null): unknown;
  getDefault(scope: null): unknown;
  doValidateSync(value: unknown, scope: null): Error | null;
};

/**
 * Validates a new document as Mongoose would: cast, with defaults, checked by Mongoose's own schema
 * types, but without making a Mongoose document, which costs twenty times as much. That is done
 * only where a value is not valid, so that Mongoose says why, or is more than a simple value.
 * @throws mongoose.Error.ValidationError, StrictModeError
 */
export async function validateDocument(entity: Entity, values: Values): Promise<Stored> {
  return validatePlainly(entity, values) ?? validateHydrated(entity, values);
}

/** Validates the new values of some paths. @throws mongoose.Error.ValidationError */
export async function validatePaths(entity: Entity, set: Values): Promise<void> {
  const paths = getPaths(entity);
  const names = Object.keys(set);
  if (names.every((name) => checkValue(paths.get(name), set[name]) !== undefined)) return;
  await entity.model.validate(unflatten(set), names);
}

/** A path of a schema, with what is needed of its type, cached. */
interface Path {
  type: PlainType;
  isPlain: boolean;
  isRequired: boolean;
  hasDefault: boolean;
  validators: ((value: unknown) => boolean)[];
}

const PLAIN = new Set(['String', 'Number', 'Boolean', 'Date', 'UUID', 'Mixed']);

const known = new Map<Entity, Map<string, Path>>();

function getPaths(entity: Entity): Map<string, Path> {
  let paths = known.get(entity);
  if (!paths) {
    const types = Object.entries(entity.schema.paths) as [string, PlainType][];
    paths = new Map(types.map(([name, type]) => [name, readSchemaPath(type)]));
    known.set(entity, paths);
  }
  return paths;
}

function readSchemaPath(type: PlainType): Path {
  return {
    type,
    isPlain: PLAIN.has(type.instance),
    isRequired: type.isRequired === true,
    hasDefault: type.defaultValue !== undefined && type.defaultValue !== null,
    validators: listValidators(type),
  };
}

/** Mongoose's own validators, without their messages: those are made by a Mongoose document. */
function listValidators(type: PlainType): ((value: unknown) => boolean)[] {
  const isSimple = type.validators.every(
    (v) => typeof v.validator === 'function' && !('propsParameter' in v && v.propsParameter),
  );
  if (!isSimple) return [(value) => !type.doValidateSync(value, null)];
  return type.validators.map(({ type: kind, validator }) => {
    // Given a value, `required` only refuses the empty text.
    if (kind === 'required') return (value) => value !== '';
    const isValid = validator as (value: unknown) => unknown;
    return (value) => {
      const said = isValid.call(null, value);
      return said === undefined || Boolean(said);
    };
  });
}

function validatePlainly(entity: Entity, values: Values): Stored | undefined {
  const paths = getPaths(entity);
  for (const name of Object.keys(values)) if (!paths.has(name)) return undefined;
  const document: Values = {};
  for (const [name, path] of paths) {
    const given = values[name];
    const value = given === undefined && path.hasDefault ? path.type.getDefault(null) : given;
    if (value === undefined) {
      if (path.isRequired) return undefined;
      continue;
    }
    const stored = checkValue(path, value);
    if (stored === undefined) return undefined;
    document[name] = stored;
  }
  return document as Stored;
}

/** The value as it is stored; undefined where it takes a Mongoose document to tell. */
function checkValue(path: Path | undefined, value: unknown): unknown {
  if (!path?.isPlain || value === null || value === undefined) return undefined;
  try {
    const stored = path.type.applySetters(value, null);
    return path.validators.every((isValid) => isValid(stored)) ? stored : undefined;
  } catch (error) {
    if (error instanceof mongoose.Error.CastError) return undefined;
    throw error;
  }
}

async function validateHydrated(entity: Entity, values: Values): Promise<Stored> {
  const document = new entity.model(values);
  await document.validate();
  const plain = document.toObject({ flattenMaps: true, virtuals: false }) as Stored;
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
