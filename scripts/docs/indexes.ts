import type { IndexOptions } from 'mongoose';
import type { Entity } from '../../src/data/entity.ts';
import { referencesOf } from '../../src/data/references.ts';
import { code, list } from './markdown.ts';

type Key = Record<string, unknown>;

/** The rows of an entity's indexes: its keys, and what each is for. */
export function indexRows(entity: Entity): string[][] {
  return entity.schema
    .indexes()
    .map(([key, options]) => [keysOf(key), useOf(entity, key, options ?? {})]);
}

/** How many indexes an entity has, that of its id apart. */
export function countIndexes({ schema }: Entity): number {
  return schema.indexes().length;
}

/** When documents go by themselves; undefined where they stay until somebody deletes them. */
export function retentionOf({ schema }: Entity): string | undefined {
  const [key, options] =
    schema.indexes().find(([, o]) => o?.expireAfterSeconds !== undefined) ?? [];
  if (!key) return undefined;
  const after = options?.expireAfterSeconds ? `${options.expireAfterSeconds} s after` : 'once';
  return `MongoDB deletes a document ${after} its ${code(Object.keys(key).join())} has passed.`;
}

function keysOf(key: Key): string {
  return list(
    Object.entries(key).map(([name, way]) => code(`${way === -1 ? '-' : ''}${plain(name)}`)),
  );
}

function useOf(entity: Entity, key: Key, options: IndexOptions): string {
  const names = Object.keys(key).map(plain);
  const condition = options.partialFilterExpression;
  const only = condition ? ` Only where ${code(JSON.stringify(condition))}.` : '';
  if (options.name === 'outbox') return 'The audit chain: entries that wait for it.';
  if (options.expireAfterSeconds !== undefined) return 'TTL: deletes what has expired.';
  if (options.unique) {
    const cased = options.collation?.strength === 2 ? ', whatever the case' : '';
    return `Unique${cased}.${only}`;
  }
  if (condition) return `${options.name ? `Named ${code(options.name)}.` : ''}${only}`.trim();
  if (names.at(-1) === 'id') return listing(names.slice(0, -1));
  const reference = referencesOf(entity).find((r) => r.path === names.join());
  if (reference) return `Finding what refers to the ${reference.to} that is deleted.`;
  return 'Our own services.';
}

/** What `src/api/resource/list.ts` reads off an index that ends in the id. */
function listing(names: string[]): string {
  const sort = names.at(-1) as string;
  const isOwn = names[0] === 'user' && names.length > 1;
  const filters = names.slice(isOwn ? 1 : 0, -1).map(code);
  const by = filters.length > 0 ? `, filtered by ${filters.join(' and ')}` : '';
  return `Lists of ${isOwn ? "one's own" : 'all'}${by}, sorted by ${code(sort)}.`;
}

function plain(name: string): string {
  return name === '_id' ? 'id' : name;
}
