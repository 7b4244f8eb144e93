import type { mongo } from 'mongoose';
import { textOf } from './definitions.ts';

/** What became of the fields of a collection, by their dotted paths. */
export interface FieldChanges {
  added: string[];
  dropped: string[];
  /** Held to something else: another type, other bounds. */
  changed: string[];
  /** Must be there now, and need not before. */
  required: string[];
  /** Dropped, while another of the same type was added: perhaps the same field under a new name. */
  renames: { from: string; to: string }[];
}

interface Found {
  schema: mongo.Document;
  isRequired: boolean;
}

/** Compares two validators field by field. */
export function fieldChanges(before: mongo.Document, after: mongo.Document): FieldChanges {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  const isTop = (path: string, others: Map<string, Found>) =>
    !path.includes('.') || others.has(path.slice(0, path.lastIndexOf('.')));
  const added = [...now.keys()].filter((p) => !old.has(p) && isTop(p, old));
  const dropped = [...old.keys()].filter((p) => !now.has(p) && isTop(p, now));
  const both = [...now.keys()].filter((p) => old.has(p));
  return {
    added,
    dropped,
    changed: both.filter((p) => text(old, p) !== text(now, p)),
    required: [...added, ...both].filter((p) => now.get(p)?.isRequired && !old.get(p)?.isRequired),
    renames: renames(old, now, dropped, added),
  };
}

/** The `$jsonSchema` within a validator. */
export function schemaOf(validator: mongo.Document): mongo.Document {
  const parts: mongo.Document[] = Array.isArray(validator.$and) ? validator.$and : [validator];
  return parts.find((part) => part.$jsonSchema)?.$jsonSchema ?? {};
}

function fieldsOf(validator: mongo.Document): Map<string, Found> {
  const found = new Map<string, Found>();
  const collect = (schema: mongo.Document, prefix: string) => {
    for (const [name, inner] of Object.entries<mongo.Document>(schema.properties ?? {})) {
      const { properties, required, ...own } = inner;
      const isRequired = Boolean(schema.required?.includes(name));
      found.set(prefix + name, { schema: own, isRequired });
      if (properties) collect(inner, `${prefix}${name}.`);
    }
  };
  collect(schemaOf(validator), '');
  return found;
}

function text(fields: Map<string, Found>, path: string): string {
  return textOf(fields.get(path)?.schema ?? {});
}

function renames(
  old: Map<string, Found>,
  now: Map<string, Found>,
  dropped: string[],
  added: string[],
): FieldChanges['renames'] {
  const free = new Set(added);
  return dropped.flatMap((from) => {
    const type = (fields: Map<string, Found>, path: string) =>
      textOf({ bsonType: fields.get(path)?.schema.bsonType });
    const alike = [...free].filter((to) => type(old, from) === type(now, to));
    const to = alike.find((path) => text(old, from) === text(now, path)) ?? alike[0];
    if (to === undefined) return [];
    free.delete(to);
    return [{ from, to }];
  });
}
