import { canonicalJson } from '../../canonical-json.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, parseId, UUID } from '../../data/ids.ts';
import type { Shape } from '../../data/shape.ts';
import { type Fault, invalidQuery } from '../../errors.ts';
import { type Position, readCursor, signCursor } from './cursor.ts';

/** Filters and a sort that go together, because one index serves them. */
interface Combination {
  equals: string[];
  sort: string;
  index: IndexKey;
}

/** The fields of an index, in order, each with its direction. */
type IndexKey = Record<string, 1 | -1>;

/** A list query, compiled: a filter and an order that an index serves, and a bound. */
interface ListQuery {
  filter: TypedFilter;
  sort: Record<string, 1 | -1>;
  limit: number;
  /** The index that serves it: the planner, left to itself, may think another cheaper and sort. */
  hint?: IndexKey;
  /** The cursor of a page that ends at this document. */
  cursorAfter(document: Record<string, unknown>): string;
}

const RANGES = new Set(['gt', 'gte', 'lt', 'lte']);
const MOST_IN = 20;
const RESERVED = new Set(['limit', 'cursor', 'sort', 'fields', 'include']);

/**
 * What may be asked of an entity's list: read off its indexes. An index that ends in `_id` serves the
 * equality filters before its last field, sorted by that field.
 * @param rule the filter that every query carries: its fields come first in the index. One of
 *   alternatives (`$or`) needs an index for each
 */
export function listCombinations(entity: Entity, rule: TypedFilter): Combination[] {
  const [first, ...others] = listAlternatives(rule).map((one) =>
    findServed(entity, Object.keys(one)),
  );
  const isIn = (list: Combination[], c: Combination) => list.some((o) => isSame(o, c));
  return others.length === 0
    ? (first ?? [])
    : (first ?? []).filter((c) => others.every((list) => isIn(list, c)));
}

function findServed(entity: Entity, always: string[]): Combination[] {
  const key = `${entity.name} ${always.join()}`;
  const found = known.get(key) ?? readIndexes(entity, always);
  known.set(key, found);
  return found;
}

const known = new Map<string, Combination[]>();

function readIndexes(entity: Entity, always: string[]): Combination[] {
  return entity.schema.indexes().flatMap(([key, options]): Combination[] => {
    const names = Object.keys(key);
    // A partial index lacks some of the documents.
    if (options?.partialFilterExpression || options?.sparse || names.pop() !== '_id') return [];
    const sort = names.pop();
    if (!sort || !always.every((name, i) => names[i] === name)) return [];
    return [{ equals: names.slice(always.length), sort, index: key as IndexKey }];
  });
}

function isSame(a: Combination, b: Combination): boolean {
  return a.sort === b.sort && a.equals.join() === b.equals.join();
}

/** The filters of which a rule asks that one be met. */
function listAlternatives(rule: TypedFilter): TypedFilter[] {
  return Array.isArray(rule.$or) ? (rule.$or as TypedFilter[]) : [rule];
}

/** The query parameters that a list takes, for its documentation and for refusing others. */
export function listParameters(entity: Entity, rule: TypedFilter): string[] {
  const combinations = listCombinations(entity, rule);
  const equals = new Set(combinations.flatMap((c) => c.equals));
  const sorts = new Set(combinations.map((c) => c.sort));
  return [
    ...[...equals].flatMap((name) => [name, `${name}[in]`]),
    ...[...sorts].flatMap((name) => [...RANGES].map((op) => `${name}[${op}]`)),
  ];
}

/** The values of `?sort=`, under any of some rules. */
export function listSorts(entity: Entity, rules: TypedFilter[]): string[] {
  const all = rules.flatMap((rule) => listCombinations(entity, rule));
  return [...new Set(all.map((c) => c.sort))].flatMap((name) => [`-${name}`, name]);
}

/**
 * Compiles the query of a list. @param rule the filter that narrows it to what the actor may read
 * @throws AppError INVALID_QUERY naming what may be asked
 */
export function compileList(
  entity: Entity,
  rule: TypedFilter,
  query: ReadonlyMap<string, string>,
): ListQuery {
  const combinations = listCombinations(entity, rule);
  const faults: Fault[] = [];
  const sortText = query.get('sort') ?? '-createdAt';
  const direction = sortText.startsWith('-') ? -1 : 1;
  const sort = sortText.replace(/^-/, '');
  const equals: Record<string, unknown> = {};
  const range: Record<string, unknown> = {};
  for (const [name, text] of query) {
    if (RESERVED.has(name)) continue;
    const [, field = '', operator] = /^([\w.]+)(?:\[(\w+)\])?$/.exec(name) ?? [];
    const shape = field === 'id' ? undefined : entity.shape.fields[field]?.shape;
    if (!shape) {
      faults.push({ path: name, message: 'is not a parameter of this list' });
    } else if ((operator === undefined || operator === 'in') && field in equals) {
      faults.push({ path: name, message: 'filters a field that is filtered already' });
    } else if (operator === undefined || operator === 'in') {
      equals[field] = operator
        ? readAnyOf(shape, text, name, faults)
        : readValue(shape, text, name, faults);
    } else if (RANGES.has(operator) && field === sort) {
      range[`$${operator}`] = readValue(shape, text, name, faults);
    } else {
      faults.push({ path: name, message: 'ranges go with the field that is sorted by' });
    }
  }
  const limit = readLimit(query.get('limit'), faults);
  const asked = Object.keys(equals).sort().join();
  const fit = combinations.find((c) => c.sort === sort && [...c.equals].sort().join() === asked);
  if (!fit && faults.length === 0) faults.push(...explain(combinations, sortText, sort));
  if (faults.length > 0) throw invalidQuery(faults);

  const scope = () =>
    canonicalJson([entity.name, simplify({ ...equals, ...rule }), simplify(range), sortText]);
  const bounds = Object.keys(range).length > 0 ? { [sort]: range } : {};
  const cursor = query.get('cursor');
  const position = cursor === undefined ? undefined : readCursor(cursor, scope());
  const alternatives = listAlternatives(rule);
  const branches = alternatives.flatMap((one) => {
    // The rule last: nothing that is asked for widens it.
    const base = { ...equals, ...one };
    return position
      ? spreadChoices(base).flatMap((b) =>
          continueAfter(position, b, sort, direction, range, entity),
        )
      : [{ ...base, ...bounds }];
  });
  return {
    // One index range each, merged in order.
    filter: branches.length === 1 ? (branches[0] as TypedFilter) : { $or: branches },
    sort: { [sort]: direction, _id: direction },
    limit,
    // Of alternatives each has an index of its own.
    ...(fit && alternatives.length === 1 && { hint: fit.index }),
    cursorAfter: (document) => signCursor(readPosition(document, sort), scope()),
  };
}

/** One filter for each choice among its `$in`s: inside of an `$or` the planner would sort what they find. */
function spreadChoices(filter: TypedFilter): TypedFilter[] {
  return Object.entries(filter).reduce<TypedFilter[]>(
    (all, [name, value]) => {
      const some = (value as { $in?: unknown[] } | null)?.$in ?? [value];
      return all.flatMap((one) => some.map((v) => ({ ...one, [name]: v })));
    },
    [{}],
  );
}

/** Behind the given position: beyond, or in the rest of its ties. */
function continueAfter(
  [value, id]: Position,
  base: TypedFilter,
  sort: string,
  direction: 1 | -1,
  range: Record<string, unknown>,
  entity: Entity,
): TypedFilter[] {
  const beyond = direction === 1 ? '$gt' : '$lt';
  const at = entity.shape.fields[sort]?.shape.kind === 'date' ? new Date(value as string) : value;
  return [
    { ...base, [sort]: { ...range, [beyond]: tightenBound(range[beyond], at, direction) } },
    { ...base, [sort]: at, _id: { [beyond]: new UUID(id) } },
  ];
}

function tightenBound(bound: unknown, at: unknown, direction: 1 | -1): unknown {
  if (bound === undefined) return at;
  const further =
    direction === 1 ? (bound as number) > (at as number) : (bound as number) < (at as number);
  return further ? bound : at;
}

function readPosition(document: Record<string, unknown>, sort: string): Position {
  const value = document[sort];
  return [
    value instanceof Date ? value.toISOString() : (value as string | number | boolean),
    idText(document._id as UUID),
  ];
}

function readAnyOf(shape: Shape, text: string, path: string, faults: Fault[]): unknown {
  const texts = text.split(',');
  if (texts.length > MOST_IN) faults.push({ path, message: `takes at most ${MOST_IN} values` });
  return { $in: texts.slice(0, MOST_IN).map((t) => readValue(shape, t, path, faults)) };
}

function readValue(shape: Shape, text: string, path: string, faults: Fault[]): unknown {
  const bad = (message: string) => void faults.push({ path, message });
  switch (shape.kind) {
    case 'string':
      if (shape.enum && !shape.enum.includes(text)) bad(`must be one of ${shape.enum.join(', ')}`);
      return text;
    case 'number': {
      const number = Number(text);
      return text.trim() !== '' && Number.isFinite(number) ? number : bad('must be a number');
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : bad('must be true or false');
    case 'date': {
      const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
      const date = new Date(text);
      return form.test(text) && !Number.isNaN(date.getTime())
        ? date
        : bad('must be an ISO 8601 time');
    }
    case 'id':
      return parseId(text) ?? bad('must be an id');
    default:
      return bad('cannot be filtered by');
  }
}

function readLimit(text: string | undefined, faults: Fault[]): number {
  if (text === undefined) return 20;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 100) return limit;
  faults.push({ path: 'limit', message: 'must be a whole number from 1 to 100' });
  return 20;
}

function explain(combinations: Combination[], sortText: string, sort: string): Fault[] {
  const sorts = new Set(combinations.map((c) => c.sort));
  const offered = [...combinations].map(
    (c) => `${c.equals.join(' + ') || 'no filter'} by ${c.sort}`,
  );
  const path = sorts.has(sort) ? '' : 'sort';
  const what = path
    ? `${sortText} cannot be sorted by`
    : 'these filters and this sort do not go together';
  return [{ path, message: `${what}; what does: ${offered.join('; ')}` }];
}

function simplify(value: unknown): unknown {
  if (value instanceof UUID) return idText(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(simplify);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, simplify(v)]));
}
