import { canonicalJson } from '../../canonical-json.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, parseId, UUID } from '../../data/ids.ts';
import { readIsoDate } from '../../data/iso-dates.ts';
import type { Shape } from '../../data/shape.ts';
import { type Fault, invalidQuery } from '../../errors.ts';
import { type Position, readCursor, signCursor } from './cursor.ts';

/** Filters and a sort that may be combined, because one index serves them. */
interface Combination {
  equals: string[];
  sort: string;
  index: IndexKey;
}

/** The fields of an index, in order, each with its direction. */
type IndexKey = Record<string, 1 | -1>;

/** A compiled list query: a filter and a sort that an index serves, and a limit. */
interface ListQuery {
  filter: TypedFilter;
  sort: Record<string, 1 | -1>;
  limit: number;
  /**
   * The index that serves it: without a hint the planner may prefer another one, and sort in
   * memory.
   */
  hint?: IndexKey;
  /** Makes the cursor of a page that ends at this document. */
  cursorAfter(document: Record<string, unknown>): string;
}

const RANGES = new Set(['gt', 'gte', 'lt', 'lte']);
const MOST_IN = 20;
const RESERVED = new Set(['limit', 'cursor', 'sort', 'fields', 'include']);

/**
 * Lists what an entity's indexes serve. An index that ends in `_id` serves equality filters on all
 * fields before the last but one, sorted by that one.
 * @param rule the filter of every query: its fields come first in the index. A rule of alternatives
 *   (`$or`) needs an index for each of them
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
    // A partial index does not have all documents.
    if (options?.partialFilterExpression || options?.sparse || names.pop() !== '_id') return [];
    const sort = names.pop();
    if (!sort || !always.every((name, i) => names[i] === name)) return [];
    return [{ equals: names.slice(always.length), sort, index: key as IndexKey }];
  });
}

function isSame(a: Combination, b: Combination): boolean {
  return a.sort === b.sort && a.equals.join() === b.equals.join();
}

/** Lists the alternatives of a rule (`$or`): a document that fits one of them fits the rule. */
function listAlternatives(rule: TypedFilter): TypedFilter[] {
  return Array.isArray(rule.$or) ? (rule.$or as TypedFilter[]) : [rule];
}

/** Lists the query parameters of a list, for its documentation and to refuse others. */
export function listParameters(entity: Entity, rule: TypedFilter): string[] {
  const combinations = listCombinations(entity, rule);
  const equals = new Set(combinations.flatMap((c) => c.equals));
  const sorts = new Set(combinations.map((c) => c.sort));
  return [
    ...[...equals].flatMap((name) => [name, `${name}[in]`]),
    ...[...sorts].flatMap((name) => [...RANGES].map((op) => `${name}[${op}]`)),
  ];
}

/** Lists the values of `?sort=` that any of these rules allows. */
export function listSorts(entity: Entity, rules: TypedFilter[]): string[] {
  const all = rules.flatMap((rule) => listCombinations(entity, rule));
  return [...new Set(all.map((c) => c.sort))].flatMap((name) => [`-${name}`, name]);
}

/**
 * Compiles the query of a list.
 * @param rule the filter that narrows it to what the actor may read
 * @throws AppError INVALID_QUERY naming what is possible
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
      faults.push({ path: name, message: 'filters a field that has a filter already' });
    } else if (operator === undefined || operator === 'in') {
      equals[field] = operator
        ? readAnyOf(shape, text, name, faults)
        : readValue(shape, text, name, faults);
    } else if (RANGES.has(operator) && field === sort) {
      range[`$${operator}`] = readValue(shape, text, name, faults);
    } else {
      faults.push({
        path: name,
        message: 'a range is only possible on the field that is sorted by',
      });
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
    // The rule comes last, so that no filter of the client can widen it.
    const base = { ...equals, ...one };
    return position
      ? spreadChoices(base).flatMap((b) =>
          continueAfter(position, b, sort, direction, range, entity),
        )
      : [{ ...base, ...bounds }];
  });
  return {
    // Each branch is one index range; MongoDB merges them in order.
    filter: branches.length === 1 ? (branches[0] as TypedFilter) : { $or: branches },
    sort: { [sort]: direction, _id: direction },
    limit,
    // With alternatives there is no hint: each has an index of its own.
    ...(fit && alternatives.length === 1 && { hint: fit.index }),
    cursorAfter: (document) => signCursor(readPosition(document, sort), scope()),
  };
}

/**
 * Splits a filter into one for each combination of its `$in` values: inside `$or` the planner would
 * sort in memory.
 */
function spreadChoices(filter: TypedFilter): TypedFilter[] {
  return Object.entries(filter).reduce<TypedFilter[]>(
    (all, [name, value]) => {
      const some = (value as { $in?: unknown[] } | null)?.$in ?? [value];
      return all.flatMap((one) => some.map((v) => ({ ...one, [name]: v })));
    },
    [{}],
  );
}

/**
 * The filters of what comes after a position: beyond its value, or the same value and a later id.
 */
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
    case 'string': {
      if (!shape.enum || shape.enum.includes(text)) return text;
      const upper = text.toUpperCase();
      return shape.enum.includes(upper) ? upper : bad(`must be one of ${shape.enum.join(', ')}`);
    }
    case 'number': {
      const number = Number(text);
      return text.trim() !== '' && Number.isFinite(number) ? number : bad('must be a number');
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : bad('must be true or false');
    case 'date':
      return readIsoDate(text) ?? bad('must be an ISO 8601 time');
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
    (c) => `${c.equals.join(' + ') || 'no filter'}, sorted by ${c.sort}`,
  );
  const path = sorts.has(sort) ? '' : 'sort';
  const what = path ? `may not be ${sortText}` : 'these filters and this sort cannot be combined';
  return [{ path, message: `${what}; possible: ${offered.join('; ')}` }];
}

function simplify(value: unknown): unknown {
  if (value instanceof UUID) return idText(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(simplify);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, simplify(v)]));
}
