import type { Entity } from '../../src/data/entity.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import type { Shape } from '../../src/data/shape.ts';
import { adminCollection } from './admin.ts';

type Values = Record<string, unknown>;

/** How many documents a list is looked at with. */
const ROWS = 10_000;
/** Whose lists are asked for; three in ten documents are theirs. */
export const ME = newId(1);

/** What a field is filtered by: a value that a third of the documents have, and one that few have. */
export function askedFor(entity: Entity, name: string): { many: unknown; few: unknown } {
  const shape = entity.shape.fields[name]?.shape;
  if (shape?.kind === 'boolean') return { many: true, few: false };
  if (shape?.kind === 'string' && shape.enum) {
    return { many: shape.enum[0], few: shape.enum[1] ?? shape.enum[0] };
  }
  return shape?.kind === 'id'
    ? { many: idOf(`${name} many`), few: idOf(`${name} few`) }
    : { many: 'many', few: 'few' };
}

const ids = new Map<string, UUID>();

/** The same id for the same word. */
function idOf(word: string): UUID {
  const id = ids.get(word) ?? newId(1);
  ids.set(word, id);
  return id;
}

/**
 * Fills a collection, past its validator, with documents of many owners that have only what its indexes
 * look at: values spread over many and few, and five to each time.
 */
export async function fill(entity: Entity): Promise<void> {
  const keys = entity.schema
    .indexes()
    .map(([key, options]) => ({ ...options, names: Object.keys(key) }));
  const names = new Set(
    keys.flatMap((k) => k.names).filter((n) => !n.includes('.') && n !== '_id'),
  );
  // The last of a unique index: unlike in each, or there could be only one document.
  const unlike = new Set(
    keys.filter((k) => k.unique).map((k) => k.names.findLast((n) => n !== 'user') as string),
  );
  const sorted = new Set(keys.map((k) => (k.names.at(-1) === '_id' ? k.names.at(-2) : undefined)));
  const random = chance(entity.name.length);
  const documents = Array.from({ length: ROWS }, (_, n) => {
    const document: Values = { _id: newId(n), createdAt: at(n, 5) };
    for (const name of names) {
      const isInAll = name === 'sequence' && entity.shape.fields.sequence?.required;
      if (SKIPPED.has(name) && !isInAll) continue;
      const value = valueFor(entity, name, n, random(), unlike.has(name), sorted.has(name));
      if (value !== undefined) document[name] = value;
    }
    return document;
  });
  await adminCollection(entity).insertMany(documents as never, {
    ordered: false,
    bypassDocumentValidation: true,
    writeConcern: { w: 1, journal: false },
  });
}

/** Whose indexes have few documents by design; and what is made for each document. */
const SKIPPED = new Set(['createdAt', 'expiresAt', 'sequence', 'isDefault', 'removing']);

function valueFor(
  entity: Entity,
  name: string,
  n: number,
  turn: number,
  isUnlike: boolean,
  isSorted: boolean,
): unknown {
  if (name === 'user') return ownerOf(entity, turn);
  const shape = entity.shape.fields[name]?.shape as Shape;
  if (isUnlike) return unlikeOf(shape, n);
  if (shape.kind === 'date') return at(n, 5);
  if (isSorted) return `v${String(Math.floor(n / 5)).padStart(6, '0')}`;
  const { many, few } = askedFor(entity, name);
  if (shape.kind === 'boolean') return turn < 0.4;
  if (shape.kind === 'string' && shape.enum) {
    const { length } = shape.enum;
    return turn < 0.35 ? many : turn < 0.352 ? few : shape.enum[Math.floor(turn * length)];
  }
  if (turn < 0.35) return many;
  if (turn < 0.352) return few;
  return shape.kind === 'id'
    ? idOf(`${name} ${Math.floor(turn * 50)}`)
    : `${Math.floor(turn * 50)}`;
}

function ownerOf(entity: Entity, turn: number): UUID | undefined {
  // Of what may have no owner, a third has none.
  if (entity.options.owner === 'optional' && turn > 0.7) return undefined;
  return turn < 0.3 ? ME : idOf(`owner ${Math.floor(turn * 100)}`);
}

function unlikeOf(shape: Shape, n: number): unknown {
  if (shape.kind === 'id') return newId(n);
  if (shape.kind === 'date') return at(n, 1);
  return shape.kind === 'free' ? { n } : `u${n}`;
}

/** A time in the past; `ties` documents have the same. */
function at(n: number, ties: number): Date {
  return new Date(Date.UTC(2026, 0, 1) + Math.floor(n / ties) * 1000);
}

/** Numbers from 0 to 1, the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
