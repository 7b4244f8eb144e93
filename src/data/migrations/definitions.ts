import mongoose, { type mongo } from 'mongoose';
import { canonicalJson } from '../../canonical-json.ts';
import { Migration } from '../../models/maintenance/migration.ts';
import type { Entity } from '../entity.ts';
import { validatorOf } from '../validator.ts';
import { LOCKS } from './lock.ts';
import type { Definition, Index } from './migration.ts';

/** Collections by their names. */
export type Definitions = Map<string, Definition>;

/** The engine's own collections: it keeps them itself, and no migration names them. */
const OWN = [Migration.collectionName, LOCKS];

/** What the database ought to be, by the models. */
export function modelled(entities: Iterable<Entity>): Definitions {
  const found = [...entities].map((e): [string, Definition] => [e.collectionName, definitionOf(e)]);
  return new Map(found.filter(([name]) => !OWN.includes(name)));
}

/** What one entity asks of its collection. */
export function definitionOf(entity: Entity): Definition {
  const indexes = entity.schema.indexes().map(([key, options]) => plain({ ...options, key }));
  return { validator: validatorOf(entity), indexes };
}

/** What the database is. */
export async function live(db: mongo.Db): Promise<Definitions> {
  const found: Definitions = new Map();
  for (const { name, type, ...info } of await db.listCollections().toArray()) {
    if (type !== 'collection' || name.startsWith('system.') || OWN.includes(name)) continue;
    const indexes = (await db.collection(name).indexes()).filter((i) => i.name !== '_id_');
    const { validator, validationLevel, validationAction }: mongo.Document =
      ('options' in info && info.options) || {};
    // One that lets documents through is none.
    const isStrict = validationLevel === 'strict' && validationAction === 'error';
    found.set(name, {
      validator: (isStrict && validator) || {},
      indexes: indexes.map(plain).toSorted(byName),
    });
  }
  return found;
}

/** The name that MongoDB gives an index that has none of its own. */
export function nameOf({ name, key }: Index): string {
  return name ?? Object.entries(key).flat().join('_');
}

/** Equal texts are equal in meaning: the order of keys, and of lists that are sets, says nothing. */
export function textOf(value: mongo.Document): string {
  return canonicalJson(sorted(mongoose.mongo.BSON.EJSON.serialize(value)));
}

const SETS = ['required', 'enum', 'bsonType', '$and'];

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, v]) => {
    const inner = sorted(v);
    const isSet = SETS.includes(key) && Array.isArray(inner);
    return [key, isSet ? inner.toSorted((a, b) => compareTexts(a, b)) : inner];
  });
  return Object.fromEntries(entries);
}

function compareTexts(a: unknown, b: unknown): number {
  return canonicalJson(a) < canonicalJson(b) ? -1 : 1;
}

function byName(a: Index, b: Index): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

/** An index without what MongoDB adds to each by itself. */
function plain(index: mongo.Document): Index {
  const { v, ns, background, key, name, collation, ...options } = index;
  return {
    key,
    ...(name && name !== nameOf({ key }) && { name }),
    ...options,
    ...(collation && { collation: plainCollation(collation) }),
  };
}

const COLLATION: Record<string, unknown> = {
  caseLevel: false,
  caseFirst: 'off',
  strength: 3,
  numericOrdering: false,
  alternate: 'non-ignorable',
  maxVariable: 'punct',
  normalization: false,
  backwards: false,
};

function plainCollation({ version, ...collation }: mongo.Document): mongo.Document {
  return Object.fromEntries(Object.entries(collation).filter(([k, v]) => COLLATION[k] !== v));
}
