import type { mongo } from 'mongoose';
import { type Difference, describe } from './compare.ts';
import { nameOf } from './definitions.ts';
import { type FieldChanges, fieldChanges } from './fields.ts';
import { type Constants, constantsOf, literal } from './literals.ts';
import type { Index } from './migration.ts';

/** A migration that is to be written. */
export interface Draft {
  id: string;
  /** What it is called where it is exported: `addStyles`. */
  constant: string;
  message: string;
}

/** The draft that follows the given migrations. @throws Error when the message has no word in it */
export function draftOf(message: string, after: string[]): Draft {
  const words = message
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (words.length === 0) throw new Error('Say in a few words what it changes: -m "add styles".');
  const number = Math.max(0, ...after.map((id) => Number.parseInt(id, 10))) + 1;
  const id = `${String(number).padStart(4, '0')}-${words.join('-').slice(0, 60)}`;
  const constant = camel(words.join('-'));
  return { id, constant: /^\d/.test(constant) ? `migration${number}` : constant, message };
}

/**
 * The text of a migration that does away with the differences, and back. Not yet formatted. What only a human
 * can decide stands in it as a comment: `Check by hand`.
 */
export function writeMigration(draft: Draft, differences: Difference[]): string {
  const constants = constantsOf(
    new Map(differences.flatMap(validatorsOf)),
    differences.flatMap(indexesOf),
    [draft.constant, 'm'],
  );
  const up = differences.map((d) => upOf(d, constants));
  const down = differences.map((d) => downOf(d, constants)).reverse();
  const says = draft.message.replaceAll('*/', '* /');
  return [
    constants.source && "import { UUID } from '../src/data/ids.ts';",
    "import type { Migration } from '../src/data/migrations/migration.ts';",
    '',
    `/** ${says.charAt(0).toUpperCase()}${says.slice(1).replace(/([^.!?])$/, '$1.')} */`,
    `export const ${draft.constant}: Migration = {`,
    `  id: '${draft.id}',`,
    '',
    method('up', up),
    '',
    method('down', down),
    '};',
    constants.source,
  ].join('\n');
}

/** The text of the list of migrations with one more. */
export function extendIndex(text: string, { id, constant }: Draft): string {
  const known = [...text.matchAll(/^import \{ (\w+) \} from '(\.\/.+)';$/gm)];
  if (known.some(([, name]) => name === constant)) {
    throw new Error(`There is a migration ${constant} already: say it in other words.`);
  }
  const imports = [...known.map(([line]) => line), `import { ${constant} } from './${id}.ts';`];
  const names = [...known.map(([, name]) => name), constant];
  return [
    "import type { Migration } from '../src/data/migrations/migration.ts';",
    ...imports,
    '',
    '/** Every migration, in order. */',
    `export const migrations: Migration[] = [${names.join(', ')}];`,
    '',
  ].join('\n');
}

/** What a human has to look at, in sentences. */
export function checkByHand(differences: Difference[]): string[] {
  return differences.flatMap((difference) => {
    const { collection } = difference;
    if (difference.kind === 'extra') return [`no model has ${collection}; it was left as it is`];
    if (difference.kind === 'missing' || !difference.validator) return [];
    const { before, after } = difference.validator;
    if (isEmpty(before)) return [];
    return notesOf(collection, fieldChanges(before, after)).map(({ says }) => says);
  });
}

/** The validators that a migration says, by the names of their constants. */
function validatorsOf(difference: Difference): [string, mongo.Document][] {
  const name = camel(difference.collection);
  if (difference.kind === 'missing') return [[name, difference.wanted.validator]];
  if (difference.kind === 'extra' || !difference.validator) return [];
  const { before, after } = difference.validator;
  return isEmpty(before)
    ? [[name, after]]
    : [
        [name, after],
        [`${name}Before`, before],
      ];
}

function indexesOf(difference: Difference): Index[] {
  if (difference.kind === 'missing') return difference.wanted.indexes;
  return difference.kind === 'extra' ? [] : [...difference.created, ...difference.dropped];
}

function method(name: string, groups: string[][]): string {
  const body = groups
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n') + (lines.length > 1 ? '\n' : ''))
    .join('\n')
    .trimEnd();
  if (!body) return `async ${name}() {\n// \`${name}(m)\` is handed the steps.\n},`;
  return `async ${name}(${/^await m\./m.test(body) ? 'm' : ''}) {\n${body}\n},`;
}

function upOf(difference: Difference, constants: Constants): string[] {
  const { collection } = difference;
  const name = literal(collection);
  if (difference.kind === 'extra') {
    return [
      `// Check by hand: no model has ${collection}. To drop it with all that is in it:`,
      `// await m.dropCollection(${name});`,
    ];
  }
  if (difference.kind === 'missing') {
    const indexes = difference.wanted.indexes.map((index) => `${literal(index, constants)},\n`);
    const list = indexes.length > 0 ? `\n${indexes.join('')}` : '';
    return [
      `await m.createCollection(${name}, {`,
      `validator: ${camel(collection)},`,
      `indexes: [${list}],`,
      '});',
    ];
  }
  const { validator, dropped, created } = difference;
  return [
    ...describe(difference).map((line) => `// ${line}`),
    ...validating(collection, camel(collection), validator?.before, validator?.after),
    ...indexing(collection, dropped, created, constants),
  ];
}

function downOf(difference: Difference, constants: Constants): string[] {
  const { collection } = difference;
  if (difference.kind === 'extra') return [];
  if (difference.kind === 'missing') return [`await m.dropCollection(${literal(collection)});`];
  const { validator, dropped, created } = difference;
  const before = isEmpty(validator?.before) ? '{}' : `${camel(collection)}Before`;
  return [
    ...validating(collection, before, validator?.after, validator?.before),
    ...indexing(collection, created, dropped, constants),
  ];
}

/** Validator first, then documents: under the old one they could not be changed. */
function validating(
  collection: string,
  constant: string,
  from: mongo.Document | undefined,
  to: mongo.Document | undefined,
): string[] {
  if (!from || !to) return [];
  const notes = isEmpty(from) || isEmpty(to) ? [] : notesOf(collection, fieldChanges(from, to));
  return [
    `await m.setValidator(${literal(collection)}, ${constant});`,
    ...notes.flatMap(({ says, step }) => [
      `// Check by hand: ${says}:`,
      ...step.map((line) => `// ${line}`),
    ]),
  ];
}

/** Those that go before those that come: one that changed has the same name in both. */
function indexing(
  collection: string,
  dropped: Index[],
  created: Index[],
  constants: Constants,
): string[] {
  const name = literal(collection);
  return [
    ...dropped.map((index) => `await m.dropIndex(${name}, ${literal(nameOf(index))});`),
    ...created.map(({ key, ...options }) => {
      const more = isEmpty(options) ? '' : `, ${literal(options, constants)}`;
      return `await m.createIndex(${name}, ${literal(key)}${more});`;
    }),
  ];
}

function isEmpty(value: object | undefined): boolean {
  return !value || Object.keys(value).length === 0;
}

interface Note {
  says: string;
  /** A step that would do it. */
  step: string[];
}

/** Documents do not change with their validator: one that no longer fits cannot be written. */
function notesOf(collection: string, { dropped, renames, required }: FieldChanges): Note[] {
  const renamed = new Map(renames.map(({ from, to }) => [from, to]));
  const gone = dropped.filter((path) => !renamed.has(path));
  const targets = [...renamed.values()];
  const empty = required.filter((path) => !targets.includes(path));
  return [
    ...renames.map(({ from, to }) => ({
      says: `${collection} lost ${from} and gained ${to}, of the same type. If that is a new name`,
      step: batches(
        `rename ${from} to ${to}`,
        collection,
        from,
        true,
        `$rename: { ${literal(from)}: ${literal(to)} }`,
      ),
    })),
    ...gone.map((path) => ({
      says: `${collection} lost ${path}. A document that still has it can no longer be written`,
      step: batches(`drop ${path}`, collection, path, true, `$unset: { ${literal(path)}: '' }`),
    })),
    ...empty.map((path) => ({
      says: `${collection} now must have ${path}. A document without it can no longer be written`,
      step: batches(`fill ${path}`, collection, path, false, `$set: { ${literal(path)}: 'what?' }`),
    })),
  ];
}

function batches(
  step: string,
  collection: string,
  path: string,
  exists: boolean,
  update: string,
): string[] {
  const quoted = (text: string) => `'${text}'`;
  return [
    `await m.eachBatch(${quoted(step)}, ${quoted(collection)}, { ${quoted(path)}: { $exists: ${exists} } }, (documents) =>`,
    '  documents.map(({ _id }) => ({',
    `    updateOne: { filter: { _id }, update: { ${update.replaceAll('"', "'")}, $inc: { version: 1 } } },`,
    '  })),',
    ');',
  ];
}

function camel(name: string): string {
  return name
    .replace(/[^A-Za-z0-9]+(.)?/g, (_match, next: string = '') => next.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}
