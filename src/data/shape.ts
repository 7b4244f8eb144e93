import { Schema, type SchemaType } from 'mongoose';
import type { Encrypted, OnDelete, Personal } from './schema-words.ts';

/**
 * A Mongoose schema as a plain tree, from which the joi schemas of bodies, the JSON of answers, the
 * OpenAPI schemas and the `$jsonSchema` validators are made.
 */
export type Shape =
  | {
      kind: 'string';
      enum?: string[];
      min?: number;
      max?: number;
      match?: RegExp;
      trim?: boolean;
      lowercase?: boolean;
    }
  | { kind: 'number'; min?: number; max?: number; integer: boolean }
  | { kind: 'boolean' }
  | { kind: 'binary' }
  | { kind: 'date' }
  | { kind: 'id'; ref?: string; onDelete?: OnDelete }
  | { kind: 'free'; maxBytes?: number }
  | { kind: 'map'; values: Shape }
  | { kind: 'array'; items: Shape; max?: number }
  | { kind: 'encrypted'; inner: Shape; shows?: 'last4' }
  | ObjectShape;

export interface ObjectShape {
  kind: 'object';
  fields: Record<string, Field>;
}

export interface Field {
  shape: Shape;
  /** The name that clients know it by. */
  publicName: string;
  required: boolean;
  /** Only the server writes it. */
  server: boolean;
  /** Never changes after the create. */
  immutable: boolean;
  /** Never part of an answer. */
  hidden: boolean;
  hasDefault: boolean;
  /** The field that counts it: see `countedIn` in schema-words.ts. */
  countedIn?: string;
  /** What becomes of it, and of all that is in it, when a person asks to be forgotten. */
  personal?: Personal;
  /** For the documentation. */
  description?: string;
}

/** Reads a Mongoose schema. @throws Error for a type that is not supported */
export function shapeOf(schema: Schema): ObjectShape {
  const root = makeEmptyObject();
  schema.eachPath((path, type) => {
    if (path.includes('$*')) return;
    const names = path.split('.');
    const last = names.pop() as string;
    findParent(root, names).fields[last] = readField(type, path);
  });
  return root;
}

/** Lists the stored names of the fields that clients may see, by their public names. */
export function listStoredNames(shape: ObjectShape): ReadonlyMap<string, string> {
  let names = known.get(shape);
  if (!names) {
    const shown = Object.entries(shape.fields).filter(([, field]) => !field.hidden);
    names = new Map(shown.map(([name, { publicName }]) => [publicName, name]));
    known.set(shape, names);
  }
  return names;
}

const known = new WeakMap<ObjectShape, Map<string, string>>();

/** An object without a prototype: clients name fields, and `constructor` is not one. */
function makeEmptyObject(): ObjectShape {
  return { kind: 'object', fields: Object.create(null) as ObjectShape['fields'] };
}

/**
 * Finds or makes the object that has the last name of a dotted path: nested paths have no schema
 * type of their own.
 */
function findParent(root: ObjectShape, names: string[]): ObjectShape {
  let at = root;
  for (const name of names) {
    at.fields[name] ??= {
      shape: makeEmptyObject(),
      publicName: name,
      required: false,
      server: false,
      immutable: false,
      hidden: false,
      hasDefault: false,
    };
    at = at.fields[name].shape as ObjectShape;
  }
  return at;
}

function readField(type: SchemaType, path: string): Field {
  const o = type.options;
  return dropUndefined({
    shape: readShape(type, path),
    publicName: o.publicName ?? path.slice(path.lastIndexOf('.') + 1),
    required: o.required === true || Array.isArray(o.required),
    server: o.server === true,
    immutable: o.immutable === true,
    hidden: o.select === false,
    hasDefault: o.default !== undefined || o.encrypted?.default !== undefined,
    countedIn: o.countedIn,
    personal: o.personal,
    description: o.description,
  });
}

interface Inner {
  embeddedSchemaType?: SchemaType;
  schema?: Schema;
  $__schemaType?: SchemaType;
}

function readShape(type: SchemaType, path: string): Shape {
  const o = type.options;
  const inner = type as SchemaType & Inner;
  switch (type.instance) {
    case 'String':
      return dropUndefined({
        kind: 'string' as const,
        enum: o.enum as string[] | undefined,
        min: o.minlength as number | undefined,
        max: o.maxlength as number | undefined,
        match: o.match as RegExp | undefined,
        trim: o.trim as boolean | undefined,
        lowercase: o.lowercase as boolean | undefined,
      });
    case 'Number':
      return dropUndefined({
        kind: 'number' as const,
        min: o.min as number | undefined,
        max: o.max as number | undefined,
        integer: o.integer === true,
      });
    case 'Boolean':
      return { kind: 'boolean' };
    case 'Buffer':
      return { kind: 'binary' };
    case 'Date':
      return { kind: 'date' };
    case 'UUID':
      return dropUndefined({
        kind: 'id' as const,
        ref: o.ref as string | undefined,
        onDelete: o.onDelete,
      });
    case 'Mixed':
      return dropUndefined({ kind: 'free' as const, maxBytes: o.maxBytes });
    case 'Map':
      return { kind: 'map', values: readShape(inner.$__schemaType as SchemaType, path) };
    case 'Embedded':
      if (o.encrypted) return readEncryptedShape(o.encrypted, path);
      return shapeOf(inner.schema as Schema);
    case 'Array':
      return dropUndefined({
        kind: 'array' as const,
        items: inner.schema
          ? shapeOf(inner.schema)
          : readShape(inner.embeddedSchemaType as SchemaType, path),
        max: o.maxItems as number | undefined,
      });
    default:
      throw new Error(`${path}: the Mongoose type ${type.instance} is not supported.`);
  }
}

/** Options that belong to the field itself: on its inner type they would have no effect. */
const FIELD_WORDS = [
  ...['required', 'select', 'server', 'immutable', 'default', 'personal', 'description'],
];

function readEncryptedShape({ inner, shows }: Encrypted, path: string): Shape {
  if (path.includes('.'))
    throw new Error(`${path}: only a field of the document itself is encrypted.`);
  const type = new Schema({ [path]: inner }).path(path) as SchemaType;
  const misplaced = FIELD_WORDS.find((word) => Object.hasOwn(inner as object, word));
  if (misplaced) throw new Error(`${path}: ${misplaced} belongs in the options of encrypted().`);
  const held = readShape(type, path);
  if (shows && held.kind !== 'string') throw new Error(`${path}: only a string has a last4.`);
  return dropUndefined({ kind: 'encrypted' as const, inner: held, shows });
}

function dropUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined)) as T;
}
