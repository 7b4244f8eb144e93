import type { mongo } from 'mongoose';
import { UUID } from '../ids.ts';
import { schemaOf } from './fields.ts';
import { type Constants, endsWith, exact, literal, nameFor } from './literal.ts';
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

/** What every entity ends with. */
const BASE = ['_id', 'createdAt', 'updatedAt', 'version', 'outbox', 'removing'];
const OWNED = ['_id', 'user', ...BASE.slice(1)];

/** A field of this length, printed, is named when it is said twice. */
const LONG = 60;

/**
 * Makes constants of validators, by the given names, and of what they and named indexes say more than once.
 * `taken` are names that are not free.
 */
export function constantsOf(
  validators: Map<string, mongo.Document>,
  indexes: Index[],
  taken: string[],
): Constants {
  const used = new Set([...taken, ...validators.keys()]);
  const made: Constants = { names: new Map(), ends: [], source: '' };
  const define = (name: string, text: string) => {
    const gap = text.length > 100 ? '\n\n' : '\n';
    made.source += `${gap}const ${name} = ${text};${gap === '\n' ? '' : '\n'}`;
  };
  const name = (wanted: string, value: mongo.Document) => {
    if (made.names.has(exact(value))) return;
    const constant = unused(wanted, used);
    used.add(constant);
    define(constant, literal(value, made));
    made.names.set(exact(value), constant);
  };

  const counts = countFields(validators.values());
  for (const [wanted, value] of KNOWN) {
    if ((counts.get(exact(value))?.count ?? 0) > 1) name(wanted, value);
  }
  if (validators.size > 0) name('anyId', RANGE);
  for (const [text, { count, field, value }] of counts) {
    if (field && count > 1 && text.length > LONG) name(field, value);
  }
  const isRepeated = (index: Index) => indexes.filter((other) => same(index, other)).length > 1;
  for (const index of indexes.filter((i) => i.name && isRepeated(i))) {
    name(`${index.name}Index`, index);
  }
  for (const [wanted, end] of endsOf(validators)) {
    const constant = unused(wanted, used);
    used.add(constant);
    define(constant, literal(end, made));
    made.ends.push([constant, end]);
  }
  for (const [constant, validator] of validators) define(constant, literal(validator, made));
  return made;
}

/** A name like the wanted one that nothing has. */
function unused(wanted: string, used: Set<string>): string {
  const plain = nameFor(wanted);
  const candidates = [plain, `${plain}Field`];
  for (let n = 2; candidates.every((c) => used.has(c)); n++) candidates.push(`${plain}Field${n}`);
  return candidates.find((c) => !used.has(c)) as string;
}

type Counts = Map<string, { count: number; field: string; value: mongo.Document }>;

/** How often each schema is said, and of which field, if of one; what is within a repeated one counts once. */
function countFields(validators: Iterable<mongo.Document>): Counts {
  const counts: Counts = new Map();
  const count = (field: string, value: mongo.Document) => {
    const text = exact(value);
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

/** How two validators and more end: with the fields of every entity, and those that are required. */
function endsOf(validators: Map<string, mongo.Document>): [string, object][] {
  const schemas = [...validators.values()].map(schemaOf);
  const often = (end: object, values: object[]) =>
    values.filter((value) => endsWith(value, end)).length > 1;
  return [
    { suffix: '', fields: BASE },
    { suffix: 'Owned', fields: OWNED },
  ].flatMap(({ suffix, fields }) => {
    const properties = schemas.map((schema) => schema.properties ?? {});
    const ends = properties.map((p) => Object.fromEntries(fields.map((name) => [name, p[name]])));
    const isWhole = (end: object) => Object.values(end).every(Boolean);
    const base = ends.find((end) => isWhole(end) && often(end, properties));
    const list = fields.slice(0, -2);
    const required = schemas.map((schema) => schema.required ?? []);
    return [
      ...(base ? [[`base${suffix}`, base] satisfies [string, object]] : []),
      ...(often(list, required) ? [[`always${suffix}`, list] satisfies [string, object]] : []),
    ];
  });
}

function same(a: Index, b: Index): boolean {
  return exact(a) === exact(b);
}
