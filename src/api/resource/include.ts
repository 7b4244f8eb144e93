import type { Actor, Ctx } from '../../context.ts';
import { type Bytes, decode, encode } from '../../data/bson.ts';
import { decryptFields, showsEncrypted } from '../../data/encrypted-fields.ts';
import { type Base, type Entity, entityNamed } from '../../data/entity.ts';
import { isTooLarge } from '../../data/failures.ts';
import { type Batch, projectVisible } from '../../data/read.ts';
import { getReaders } from '../../data/readers.ts';
import { type Reference, referencesTo } from '../../data/references.ts';
import { invalidQuery } from '../../errors.ts';
import { answerTooLarge } from '../json/answer-size.ts';
import type { Json } from '../json/document.ts';
import { hasFiles, projectUrls, URLS } from './urls.ts';

/** The most children of one relation in one document, and in one answer. */
const MOST = 100;
const MOST_IN_ALL = 2000;
/** How many times fewer are read when they were too large. */
const FEWER = 8;

/**
 * A relation to include: a reference (`project`) or a reverse one (`tracks`), with those inside it;
 * or the addresses of a document's own files (`urls`).
 */
export interface Relation {
  name: string;
  to: Entity;
  kind: 'reference' | 'one' | 'many' | 'urls';
  /** The referring field: of this entity for a reference, of the other for a reverse one. */
  path: string;
  inside: Relation[];
}

type Including = Base & { included?: Record<string, Base[]> };

/**
 * Reads `?include=project.user,tracks`.
 * @throws AppError INVALID_QUERY naming what may be included
 */
export function readIncludes(
  entity: Entity,
  allowed: string[],
  text: string | undefined,
): Relation[] {
  if (!text) return [];
  const relations: Relation[] = [];
  for (const item of new Set(text.split(','))) {
    const [first = '', second, third] = item.split('.');
    if (!allowed.includes(first) || third !== undefined) {
      const message = allowed.length ? `may name ${allowed.join(', ')}` : 'is not offered here';
      throw invalidQuery([{ path: 'include', message: `${message}; not ${item}` }]);
    }
    let relation = relations.find((r) => r.name === first);
    if (!relation) {
      relation = findRelation(entity, first);
      relations.push(relation);
    }
    if (second === undefined) continue;
    if (relation.kind === 'urls' || !listInside(relation.to).includes(second)) {
      throw invalidQuery([{ path: 'include', message: `${first} has no reference ${second}` }]);
    }
    if (!relation.inside.some((r) => r.name === second)) {
      relation.inside.push(findRelation(relation.to, second));
    }
  }
  return relations;
}

/** Lists what `?include=` may name: the relations offered, and the references inside them. */
export function listInclusions(entity: Entity, offered: string[]): string[] {
  return offered.flatMap((name) => {
    const { kind, to } = findRelation(entity, name);
    const inside = kind === 'urls' ? [] : listInside(to);
    return [name, ...inside.map((inner) => `${name}.${inner}`)];
  });
}

/** Lists what an included document may include itself. */
export function listInside(entity: Entity): string[] {
  return [...listReferences(entity), ...(hasFiles(entity) ? [URLS] : [])];
}

/** Lists the top-level fields of an entity that refer to others. */
export function listReferences({ shape }: Entity): string[] {
  return Object.keys(shape.fields).filter((name) => {
    const field = shape.fields[name]?.shape;
    return field?.kind === 'id' && field.ref !== undefined;
  });
}

/**
 * Finds the relation of a name in `?include=`.
 * @throws Error when the entity has no such relation
 */
export function findRelation(entity: Entity, name: string): Relation {
  const key = `${entity.name}.${name}`;
  const found = known.get(key) ?? resolveRelation(entity, name);
  known.set(key, found);
  return { ...found, inside: [] };
}

type Bare = Omit<Relation, 'inside'>;

const known = new Map<string, Bare>();

function resolveRelation(entity: Entity, name: string): Bare {
  if (name === URLS) return { name, to: entity, kind: 'urls', path: '' };
  const shape = entity.shape.fields[name]?.shape;
  if (shape?.kind === 'id' && shape.ref) {
    return { name, to: entityNamed(shape.ref), kind: 'reference', path: name };
  }
  const { entity: to, path } = findReverse(entity, name);
  const unique = to.schema
    .indexes()
    .some(([key, o]) => o?.unique && Object.keys(key).join() === path);
  return { name, to, kind: unique ? 'one' : 'many', path };
}

/**
 * Finds who refers to an entity, by the name of its collection or the end of it: `settings` are
 * `userSettings`.
 */
function findReverse(entity: Entity, name: string): Reference {
  const end = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const [found, ...others] = referencesTo(entity.name).filter(
    ({ entity: { collectionName } }) => collectionName === name || collectionName.endsWith(end),
  );
  if (!found || others.length > 0) throw new Error(`${entity.name} has no one relation ${name}.`);
  return found;
}

/**
 * Limits the children of each relation, so that an answer of so many documents does not grow too
 * large.
 */
export function limitChildren(relations: Relation[], documents: number): number {
  const many = relations.filter((r) => r.kind === 'many').length;
  return Math.min(MOST, Math.max(1, Math.floor(MOST_IN_ALL / (documents * many || 1))));
}

/**
 * Reads documents with their relations: with fewer children of each, `most`, where the database
 * could not hold them in one document.
 * @param documents how many there are at most
 */
export async function readIncluding(
  relations: Relation[],
  documents: number,
  read: (most: number) => Promise<Batch>,
): Promise<Batch & { most: number }> {
  for (let most = limitChildren(relations, documents); ; most = Math.floor(most / FEWER)) {
    try {
      return { ...(await read(most)), most };
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (most === 0) throw answerTooLarge(error);
    }
  }
}

/** Makes the `$lookup` stages that load relations in the same command as their parents. */
export function makeLookups(actor: Actor, relations: Relation[], most: number): Json[] {
  const others = relations.filter((r) => r.kind !== 'urls');
  return others.map((r) => ({
    $lookup: {
      from: r.to.collectionName,
      localField: r.kind === 'reference' ? r.path : '_id',
      foreignField: r.kind === 'reference' ? '_id' : r.path,
      pipeline: [
        { $match: getReaders(r.to)(actor) ?? { _id: null } },
        ...(r.kind === 'many' ? [{ $sort: { createdAt: -1, _id: -1 } }, { $limit: most + 1 }] : []),
        ...makeLookups(actor, r.inside, most),
        { $project: projectWith(projectVisible(r.to), r.inside) },
      ],
      as: `included.${r.name}`,
    },
  }));
}

/** The projection that reads what these relations are made of, too. */
export function projectWith(
  projection: Record<string, number>,
  relations: Relation[],
): Record<string, number> {
  return relations.some((r) => r.kind === 'urls') ? projectUrls(projection) : projection;
}

/** Decrypts the fields that answers show, in documents and in those included in them. */
export async function decryptPage(
  ctx: Ctx,
  entity: Entity,
  found: Bytes[],
  relations: Relation[],
): Promise<Bytes[]> {
  if (!showsAnyEncrypted(entity, relations)) return found;
  const documents = found.map((bytes) => decode<Base>(bytes));
  await decryptIncluded(ctx, entity, documents, relations);
  return documents.map(encode);
}

function showsAnyEncrypted(entity: Entity, relations: Relation[]): boolean {
  return showsEncrypted(entity) || relations.some((r) => showsAnyEncrypted(r.to, r.inside));
}

async function decryptIncluded(
  ctx: Ctx,
  entity: Entity,
  documents: Base[],
  relations: Relation[],
): Promise<void> {
  await decryptFields(ctx, entity, documents);
  for (const r of relations) {
    const found = documents.flatMap((d) => (d as Including).included?.[r.name] ?? []);
    await decryptIncluded(ctx, r.to, found, r.inside);
  }
}
