import type { mongo } from 'mongoose';
import { Migration } from '../../models/maintenance/migration.ts';
import { validatorOf } from '../collection-validator.ts';
import type { Entity } from '../entity.ts';
import { LOCKS } from './lock.ts';
import type { Index } from './migration.ts';

/** What the documents of a collection must be, and how they are found. */
export interface Definition {
  validator: mongo.Document;
  indexes: Index[];
}

/** Definitions by the names of their collections. */
export type Definitions = Map<string, Definition>;

/** The engine keeps its own collections up to date itself: no migration names them. */
const OWN = [Migration.collectionName, LOCKS];

/** Derives what the database must be from the models. */
export function deriveDefinitions(entities: Iterable<Entity>): Definitions {
  const all = [...entities].map((entity): [string, Definition] => [
    entity.collectionName,
    deriveDefinition(entity),
  ]);
  return new Map(all.filter(([name]) => !OWN.includes(name)));
}

/** Derives what a collection must be from its model. */
export function deriveDefinition(entity: Entity): Definition {
  const indexes = entity.schema.indexes().map(([key, options]) => simplify({ ...options, key }));
  return { validator: validatorOf(entity), indexes };
}

/** Reads what the database is. */
export async function readDefinitions(db: mongo.Db): Promise<Definitions> {
  const found: Definitions = new Map();
  for (const collection of await db.listCollections().toArray()) {
    const { name, type } = collection;
    if (type !== 'collection' || name.startsWith('system.') || OWN.includes(name)) continue;
    const indexes = (await db.collection(name).indexes()).filter((i) => i.name !== '_id_');
    found.set(name, {
      validator: pickStrictValidator(collection),
      indexes: indexes
        .map(simplify)
        .toSorted((a, b) => (getIndexName(a) < getIndexName(b) ? -1 : 1)),
    });
  }
  return found;
}

/** Reads the validator of one collection. @throws Error when it does not exist */
export async function readValidator(db: mongo.Db, name: string): Promise<mongo.Document> {
  const [collection] = await db.listCollections({ name }).toArray();
  if (!collection) throw new Error(`There is no collection ${name}.`);
  return pickStrictValidator(collection);
}

/** The name that MongoDB gives an index that has none of its own. */
export function getIndexName({ name, key }: Index): string {
  return name ?? Object.entries(key).flat().join('_');
}

/** A validator that only warns, or passes documents that were invalid before, counts as none. */
function pickStrictValidator(collection: mongo.Document): mongo.Document {
  const { validator, validationLevel, validationAction } = collection.options ?? {};
  const isStrict = validationLevel === 'strict' && validationAction === 'error';
  return (isStrict && validator) || {};
}

/** An index without what MongoDB adds to each by itself. */
function simplify(index: mongo.Document): Index {
  const { v, ns, background, key, name, collation, ...options } = index;
  return {
    key,
    ...(name && name !== getIndexName({ key }) && { name }),
    ...options,
    ...(collation && { collation: simplifyCollation(collation) }),
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

function simplifyCollation({ version, ...collation }: mongo.Document): mongo.Document {
  return Object.fromEntries(Object.entries(collation).filter(([k, v]) => COLLATION[k] !== v));
}
