import type { Actor } from '../../context.ts';
import { type Bytes, encodeName, find, findDocuments, pick } from '../../data/bson.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, UUID } from '../../data/ids.ts';
import { getReaders } from '../../data/readers.ts';
import type { Json } from '../json/document.ts';
import { CLOSE, countText, OPEN, put, putAscii, putList } from '../json/text.ts';
import { putMembers } from '../json/transcode.ts';
import type { Relation } from './include.ts';
import { compileList } from './list.ts';
import { signUrls } from './urls.ts';

const INCLUDED = encodeName('included');
/** Comes after all ids of a moment: what follows such a position begins with that moment. */
const LAST_ID = new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff');

/** What of a document is written. */
interface Extent {
  /** The most children of a relation. */
  most: number;
  /** The fields that were asked for, beside the relations. */
  only?: ReadonlySet<string> | undefined;
  /** The most bytes that the text may have after its children, as `countText` counts them. */
  limit?: number;
  /** How many documents, from this one on, share the bytes that are left. */
  sharing?: number;
}

/**
 * Writes a document with its relations: an object in place of a reference; an array, and a cursor
 * in `_more`, of children.
 */
export function putDocument(
  actor: Actor,
  entity: Entity,
  { bytes, begin }: { bytes: Bytes; begin: number },
  relations: Relation[],
  extent: Extent,
): void {
  put(OPEN);
  if (relations.length === 0) putMembers(entity, bytes, begin, extent);
  else putWithRelations(actor, entity, { bytes, begin }, relations, extent);
  put(CLOSE);
}

function putWithRelations(
  actor: Actor,
  entity: Entity,
  { bytes, begin }: { bytes: Bytes; begin: number },
  relations: Relation[],
  { most, only, limit = Number.POSITIVE_INFINITY, sharing = 1 }: Extent,
): void {
  const included = find(bytes, begin, INCLUDED);
  const stored = relations.filter(({ kind }) => kind !== 'urls');
  const found = stored.map((relation) => {
    const list = included && find(bytes, included.at, encodeName(relation.name));
    return { relation, begins: list ? findDocuments(bytes, list.at) : [] };
  });
  const there = found.filter(({ relation, begins }) => relation.kind === 'many' || begins.length);
  const except = new Set(there.map(({ relation }) => relation.name));
  putMembers(entity, bytes, begin, { only, except });
  if (stored.length < relations.length) {
    putAscii(`,"urls":${JSON.stringify(signUrls(bytes, begin))}`);
  }
  const end = shareBytes(limit, sharing);
  let many = there.filter(({ relation }) => relation.kind === 'many').length;
  const more: Record<string, string> = {};
  const ofChild: Extent = { most };
  for (const { relation, begins } of there) {
    const { name, to, kind, inside } = relation;
    const putOne = (at: number) => putDocument(actor, to, { bytes, begin: at }, inside, ofChild);
    putAscii(`,"${name}":`);
    if (kind !== 'many') putOne(begins[0] as number);
    else {
      const room = { limit: shareBytes(end, many--), least: 0 };
      const shown = putList(begins.slice(0, most), putOne, room);
      if (shown < begins.length) {
        const parent = pick(bytes, begin, ['_id'])._id as UUID;
        more[name] = makeCursor(actor, relation, parent, findPosition(bytes, begins, shown));
      }
    }
  }
  if (Object.keys(more).length > 0) putAscii(`,"_more":${JSON.stringify(more)}`);
}

/** Limits the text to a share of the bytes that are left. */
function shareBytes(limit: number, sharing: number): number {
  if (limit === Number.POSITIVE_INFINITY) return limit;
  const written = countText();
  return written + (limit - written) / sharing;
}

/** Finds the position after so many children; where none are shown, that before the first. */
function findPosition(bytes: Bytes, begins: number[], shown: number): Json {
  const at = begins[Math.max(shown - 1, 0)] as number;
  const position = pick(bytes, at, ['_id', 'createdAt']);
  return shown > 0 ? position : { ...position, _id: LAST_ID };
}

/** Makes the cursor with which the children's own list continues, filtered by this parent. */
function makeCursor(actor: Actor, relation: Relation, parent: UUID, last: Json): string {
  const rule = getReaders(relation.to)(actor) as TypedFilter;
  const query = new Map(relation.path in rule ? [] : [[relation.path, idText(parent)]]);
  return compileList(relation.to, rule, query).cursorAfter(last);
}
