import type { mongo } from 'mongoose';
import { toCanonicalText } from './canonical-text.ts';
import { splitValidator } from './change-validator.ts';

/** How the fields of two validators differ, by their paths. */
interface FieldChanges {
  added: string[];
  dropped: string[];
  /** Held to something else: another type, other bounds. */
  changed: string[];
  /** Required now, and not before. */
  required: string[];
  /** Required before, and not now. */
  optional: string[];
  /** Dropped, while another of the same type was added to the same object: perhaps a new name. */
  renames: { from: string; to: string }[];
}

/** A field as a validator has it. */
interface ValidatedField {
  schema: mongo.Document;
  isRequired: boolean;
  /** An id among the document's own fields. */
  isId: boolean;
}

/** The fields of a validator by their paths, outer ones first; none when it was not made of a model. */
export function readFields(validator: mongo.Document): Map<string, ValidatedField> {
  const found = new Map<string, ValidatedField>();
  const { schema, ids } = splitValidator(validator) ?? { schema: {}, ids: [] };
  const collect = (schema: mongo.Document, prefix: string) => {
    for (const [name, inner] of Object.entries<mongo.Document>(schema.properties ?? {})) {
      const path = prefix + name;
      const isRequired = Boolean(schema.required?.includes(name));
      found.set(path, { schema: inner, isRequired, isId: ids.includes(path) });
      collect(inner, `${path}.`);
    }
    if (!schema.items) return;
    found.set(`${prefix}$[]`, { schema: schema.items, isRequired: false, isId: false });
    collect(schema.items, `${prefix}$[].`);
  };
  collect(schema, '');
  return found;
}

/** Compares two validators field by field. */
export function compareFields(before: mongo.Document, after: mongo.Document): FieldChanges {
  const old = readFields(before);
  const now = readFields(after);
  const added = [...now.keys()].filter((path) => !old.has(path) && isNamedIn(old, path));
  const dropped = [...old.keys()].filter((path) => !now.has(path) && isNamedIn(now, path));
  const both = [...now.keys()].filter((path) => old.has(path));
  const isRequired = (fields: typeof now, path: string) => fields.get(path)?.isRequired === true;
  return {
    added,
    dropped,
    changed: both.filter((path) => printOwnRules(old, path) !== printOwnRules(now, path)),
    required: [...added, ...both].filter((p) => isRequired(now, p) && !isRequired(old, p)),
    optional: both.filter((path) => isRequired(old, path) && !isRequired(now, path)),
    renames: findRenames(old, now, dropped, added),
  };
}

export type Fields = ReadonlyMap<string, ValidatedField>;

/** Whether a path is a field of the document, or of an object that the fields have; items have no name. */
function isNamedIn(fields: Fields, path: string): boolean {
  const holder = getHolderPath(path);
  return !path.endsWith('$[]') && (holder === '' || fields.has(holder));
}

/** The path of the object that a field is in; empty for the document. */
export function getHolderPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

/** What is said of a field itself, and not of those in it. */
function printOwnRules(fields: Fields, path: string): string {
  const { schema = {}, isId } = fields.get(path) ?? {};
  const { properties: _, required: __, items: ___, ...own } = schema;
  return toCanonicalText({ own, isId });
}

function findRenames(old: Fields, now: Fields, dropped: string[], added: string[]) {
  const free = new Set(added);
  const type = (fields: Fields, path: string) => String(fields.get(path)?.schema.bsonType);
  return dropped.flatMap((from) => {
    const alike = [...free].filter(
      (to) => getHolderPath(from) === getHolderPath(to) && type(old, from) === type(now, to),
    );
    const to =
      alike.find((path) => printOwnRules(old, from) === printOwnRules(now, path)) ?? alike[0];
    if (to === undefined) return [];
    free.delete(to);
    return [{ from, to }];
  });
}
