import type { IndexOptions } from 'mongoose';
import type { Entity } from '../../src/data/entity.ts';
import { referencesOf } from '../../src/data/references.ts';
import { formatCode, joinItems } from './markdown.ts';

type Key = Record<string, unknown>;

/** Makes the rows of an entity's indexes: the keys, and the purpose of each. */
export function makeIndexRows(entity: Entity): string[][] {
  return entity.schema
    .indexes()
    .map(([key, options]) => [formatKeys(key), describeUse(entity, key, options ?? {})]);
}

/** Counts the indexes of an entity, without the one of its id. */
export function countIndexes({ schema }: Entity): number {
  return schema.indexes().length;
}

/** Describes when a TTL index deletes documents; undefined if there is none. */
export function describeRetention({ schema }: Entity): string | undefined {
  const [key, options] =
    schema.indexes().find(([, o]) => o?.expireAfterSeconds !== undefined) ?? [];
  if (!key) return undefined;
  const after = options?.expireAfterSeconds ? `${options.expireAfterSeconds} s after` : 'once';
  return `MongoDB deletes a document ${after} its ${formatCode(Object.keys(key).join())} has passed.`;
}

function formatKeys(key: Key): string {
  return joinItems(
    Object.entries(key).map(([name, way]) =>
      formatCode(`${way === -1 ? '-' : ''}${formatName(name)}`),
    ),
  );
}

function describeUse(entity: Entity, key: Key, options: IndexOptions): string {
  const names = Object.keys(key).map(formatName);
  const condition = options.partialFilterExpression;
  const only = condition ? ` Only where ${formatCode(JSON.stringify(condition))}.` : '';
  if (options.name === 'outbox') return 'The audit chain: entries that wait for it.';
  if (options.expireAfterSeconds !== undefined) return 'TTL: deletes what has expired.';
  if (options.unique) {
    const cased = options.collation?.strength === 2 ? ', whatever the case' : '';
    return `Unique${cased}.${only}`;
  }
  if (condition) return `${options.name ? `Named ${formatCode(options.name)}.` : ''}${only}`.trim();
  if (names.at(-1) === 'id') return describeList(names.slice(0, -1));
  const reference = referencesOf(entity).find((r) => r.path === names.join());
  if (reference) return `Finding what refers to the ${reference.to} that is deleted.`;
  return 'Our own services.';
}

/** Describes the list that `src/api/resource/list.ts` derives from an index that ends in the id. */
function describeList(names: string[]): string {
  const sort = names.at(-1) as string;
  const isOwn = names[0] === 'user' && names.length > 1;
  const filters = names.slice(isOwn ? 1 : 0, -1).map(formatCode);
  const by = filters.length > 0 ? `, filtered by ${filters.join(' and ')}` : '';
  return `Lists of ${isOwn ? "one's own" : 'all'}${by}, sorted by ${formatCode(sort)}.`;
}

function formatName(name: string): string {
  return name === '_id' ? 'id' : name;
}
