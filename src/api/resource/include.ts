import type { Actor, Ctx } from '../../context.ts';
import {
  type Bytes,
  decode,
  encode,
  encodeName,
  find,
  findDocuments,
  pick,
} from '../../data/bson.ts';
import { decryptFields, showsEncrypted } from '../../data/encrypted-fields.ts';
import { type Base, type Entity, entityNamed } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { projectVisible } from '../../data/read.ts';
import { getReaders } from '../../data/readers.ts';
import { type Reference, referencesTo } from '../../data/references.ts';
import { invalidQuery } from '../../errors.ts';
import type { Json } from '../json/document.ts';
import { CLOSE, OPEN, put, putAscii, putList } from '../json/text.ts';
import { putMembers } from '../json/transcode.ts';
import { compileList } from './list.ts';

/** The most children of one relation in one document, and in one answer. */
const MOST = 100;
const MOST_IN_ALL = 2000;

/**
 * A relation to include: a reference (`project`) or a reverse one (`tracks`), with those inside it.
 */
interface Relation {
  name: string;
  to: Entity;
  kind: 'reference' | 'one' | 'many';
  /** The referring field: of this entity for a reference, of the other for a reverse one. */
  path: string;
  inside: Relation[];
}

const INCLUDED = encodeName('included');

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
    const inner = relation.to.shape.fields[second]?.shape;
    if (inner?.kind !== 'id' || !inner.ref) {
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
    const inside = listReferences(findRelation(entity, name).to);
    return [name, ...inside.map((inner) => `${name}.${inner}`)];
  });
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

/** Makes the `$lookup` stages that load relations in the same command as their parents. */
export function makeLookups(actor: Actor, relations: Relation[], most: number): Json[] {
  return relations.map((r) => ({
    $lookup: {
      from: r.to.collectionName,
      localField: r.kind === 'reference' ? r.path : '_id',
      foreignField: r.kind === 'reference' ? '_id' : r.path,
      pipeline: [
        { $match: getReaders(r.to)(actor) ?? { _id: null } },
        ...(r.kind === 'many' ? [{ $sort: { createdAt: -1, _id: -1 } }, { $limit: most + 1 }] : []),
        ...makeLookups(actor, r.inside, most),
        { $project: projectVisible(r.to) },
      ],
      as: `included.${r.name}`,
    },
  }));
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

/**
 * Writes a document with its relations: an object in place of a reference; an array, and a cursor
 * in `_more`, of children.
 * @param only the fields that were asked for, beside the relations
 */
export function putDocument(
  actor: Actor,
  entity: Entity,
  { bytes, begin }: { bytes: Bytes; begin: number },
  relations: Relation[],
  most: number,
  only?: ReadonlySet<string>,
): void {
  const included = relations.length > 0 ? find(bytes, begin, INCLUDED) : undefined;
  const found = relations.map((relation) => {
    const list = included && find(bytes, included.at, encodeName(relation.name));
    return { relation, begins: list ? findDocuments(bytes, list.at) : [] };
  });
  const there = found.filter(({ relation, begins }) => relation.kind === 'many' || begins.length);
  put(OPEN);
  putMembers(entity, bytes, begin, {
    only,
    ...(there.length > 0 && { except: new Set(there.map(({ relation }) => relation.name)) }),
  });
  const more: Record<string, string> = {};
  for (const { relation, begins } of there) {
    const { name, to, kind, inside } = relation;
    const putOne = (at: number) => putDocument(actor, to, { bytes, begin: at }, inside, most);
    putAscii(`,"${name}":`);
    if (kind !== 'many') putOne(begins[0] as number);
    else {
      putList(begins.slice(0, most), putOne);
      const last = begins.length > most ? begins[most - 1] : undefined;
      if (last !== undefined) {
        const parent = pick(bytes, begin, ['_id'])._id as UUID;
        more[name] = makeCursor(actor, relation, parent, pick(bytes, last, ['_id', 'createdAt']));
      }
    }
  }
  if (Object.keys(more).length > 0) putAscii(`,"_more":${JSON.stringify(more)}`);
  put(CLOSE);
}

/** Makes the cursor with which the children's own list continues, filtered by this parent. */
function makeCursor(actor: Actor, relation: Relation, parent: UUID, last: Json): string {
  const rule = getReaders(relation.to)(actor) as TypedFilter;
  const query = new Map(relation.path in rule ? [] : [[relation.path, idText(parent)]]);
  return compileList(relation.to, rule, query).cursorAfter(last);
}
