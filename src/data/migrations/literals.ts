import type { mongo } from 'mongoose';
import { UUID } from '../ids.ts';
import { textOf } from './definitions.ts';
import { schemaOf } from './fields.ts';
import type { Index } from './migration.ts';

/** What nearly every validator says, under names of its own. */
const KNOWN: [string, mongo.Document][] = [
  ['binary', { bsonType: 'binData' }],
  ['boolean', { bsonType: 'bool' }],
  ['date', { bsonType: 'date' }],
  ['string', { bsonType: 'string' }],
  ['number', { bsonType: 'number' }],
  ['integer', { bsonType: ['int', 'long', 'double'], multipleOf: 1 }],
  ['count', { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0 }],
  ['positive', { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1 }],
  ['object', { bsonType: 'object' }],
];

const RANGE = {
  $gte: new UUID('00000000-0000-0000-0000-000000000000'),
  $lte: new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff'),
};

/** The fields that every entity has. */
const BASE = ['_id', 'createdAt', 'updatedAt', 'version', 'outbox', 'removing'];

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

const RESERVED = ['default', 'delete', 'export', 'function', 'import', 'new', 'package', 'public'];

/** The fields that none goes without. */
const ALWAYS = ['_id', 'createdAt', 'updatedAt', 'version'];

/** A field of this length, printed, is named when it is said twice. */
const LONG = 60;

/** Constants by the texts of what they stand for. */
export interface Constants {
  names: Map<string, string>;
  /** What `...base` stands for. */
  base?: mongo.Document | undefined;
  /** TypeScript, not yet formatted. */
  source: string;
}

/**
 * Makes constants of validators, by the given names, and of what they and named indexes say more than once.
 * `taken` are names that are not free.
 */
export function constantsOf(
  validators: Map<string, mongo.Document>,
  indexes: Index[],
  taken: string[],
): Constants {
  const used = new Set([...RESERVED, ...taken, ...validators.keys(), 'UUID', 'base', 'always']);
  const made: Constants = { names: new Map(), source: '' };
  const define = (name: string, text: string) => {
    const gap = text.length > 100 ? '\n\n' : '\n';
    made.source += `${gap}const ${name} = ${text};${gap === '\n' ? '' : '\n'}`;
  };
  const name = (wanted: string, value: mongo.Document) => {
    if (made.names.has(textOf(value))) return;
    const constant = unused(wanted, used);
    used.add(constant);
    define(constant, literal(value, made));
    made.names.set(textOf(value), constant);
  };

  const counts = countFields(validators.values());
  for (const [wanted, value] of KNOWN) {
    if ((counts.get(textOf(value))?.count ?? 0) > 1) name(wanted, value);
  }
  if (validators.size > 0) name('anyId', RANGE);
  for (const [text, { count, field, value }] of counts) {
    if (field && count > 1 && text.length > LONG) name(field, value);
  }
  for (const index of indexes.filter(
    (i) => i.name && indexes.filter((j) => same(i, j)).length > 1,
  )) {
    name(`${index.name}Index`, index);
  }
  const base = baseOf(validators);
  if (base) {
    define('base', literal(base, made));
    define('always', literal(ALWAYS));
    made.base = base;
  }
  for (const [constant, validator] of validators) define(constant, literal(validator, made));
  return made;
}

/** Prints a value as TypeScript, with constants where they stand for it. */
export function literal(value: unknown, constants?: Constants): string {
  if (value instanceof UUID) return `new UUID('${value.toHexString()}')`;
  if (Array.isArray(value)) return `[${items(value, constants).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new Error(`A migration cannot say a ${value.constructor.name}: write it by hand.`);
  }
  const known = constants?.names.get(textOf(value));
  if (known) return known;
  const hasBase = constants?.base && isWithin(constants.base, value);
  const entries = Object.entries(value).filter(([key]) => !hasBase || !BASE.includes(key));
  const printed = entries.map(([key, v]) => {
    const text = literal(v, constants);
    return text === key ? key : `${IDENTIFIER.test(key) ? key : JSON.stringify(key)}: ${text}`;
  });
  if (hasBase) printed.push('...base');
  return printed.length > 0 ? `{ ${printed.join(', ')} }` : '{}';
}

function items(list: unknown[], constants?: Constants): string[] {
  const hasAlways = constants?.base && ALWAYS.every((name) => list.includes(name));
  const own = list.filter((item) => !hasAlways || !ALWAYS.includes(String(item)));
  const printed = own.map((item) => literal(item, constants));
  return hasAlways ? [...printed, '...always'] : printed;
}

/** A name like the wanted one that nothing has. */
function unused(wanted: string, used: Set<string>): string {
  const plain = IDENTIFIER.test(wanted) ? wanted : 'field';
  const candidates = [plain, `${plain}Field`];
  for (let n = 2; candidates.every((c) => used.has(c)); n++) candidates.push(`${plain}Field${n}`);
  return candidates.find((c) => !used.has(c)) as string;
}

type Counts = Map<string, { count: number; field: string; value: mongo.Document }>;

/** How often each schema is said, and of which field, if of one; what is within a repeated one counts once. */
function countFields(validators: Iterable<mongo.Document>): Counts {
  const counts: Counts = new Map();
  const count = (field: string, value: mongo.Document) => {
    const text = textOf(value);
    const known = counts.get(text);
    if (known) {
      known.count++;
      if (known.field !== field) known.field = '';
      return;
    }
    // What is within comes first: a constant may be made of others.
    within(field, value);
    counts.set(text, { count: 1, field, value });
  };
  const within = (field: string, schema: mongo.Document) => {
    for (const [name, inner] of Object.entries<mongo.Document>(schema.properties ?? {})) {
      count(name, inner);
    }
    for (const inner of [schema.items, schema.additionalProperties]) {
      if (typeof inner === 'object') count(`${field}Item`, inner);
    }
  };
  for (const validator of validators) within('', schemaOf(validator));
  return counts;
}

/** The fields of every entity, when two validators say the same of them. */
function baseOf(validators: Map<string, mongo.Document>): mongo.Document | undefined {
  const found = [...validators.values()]
    .map((validator) => schemaOf(validator).properties ?? {})
    .filter((properties) => BASE.every((name) => name in properties))
    .map((properties) => Object.fromEntries(BASE.map((name) => [name, properties[name]])));
  return found.find((a, n) => found.some((b, m) => n !== m && textOf(a) === textOf(b)));
}

/** Whether an object has all of these fields, the same. */
function isWithin(base: mongo.Document, value: object): boolean {
  const entries = new Map<string, unknown>(Object.entries(value));
  return BASE.every((name) => {
    const own = entries.get(name);
    return typeof own === 'object' && own !== null && textOf(own) === textOf(base[name]);
  });
}

function same(a: Index, b: Index): boolean {
  return textOf(a) === textOf(b);
}
