import type { mongo } from 'mongoose';
import { type Difference, describe } from './compare.ts';
import { constantsOf } from './constants.ts';
import { nameOf } from './definitions.ts';
import type { Draft } from './draft.ts';
import { type Constants, literal, nameFor } from './literal.ts';
import type { Index } from './migration.ts';
import { isEmpty, notesOf } from './notes.ts';

/**
 * The text of a migration that does away with the differences, and back. Not yet formatted. What only a human
 * can decide stands in it as a comment: `Check by hand`.
 */
export function writeMigration(draft: Draft, differences: Difference[]): string {
  const validators = new Map(differences.flatMap(validatorsOf));
  const { constant } = draft;
  if (validators.has(constant) || nameFor(constant) !== constant) {
    throw new Error(
      `A migration cannot be called ${constant}: say more, like -m "add ${constant}".`,
    );
  }
  const created = differences.flatMap((d) => (d.kind === 'missing' ? d.wanted.indexes : []));
  const constants = constantsOf(validators, created, [constant, 'm']);
  const up = differences.map((d) => upOf(d, constants));
  const down = differences.map((d) => downOf(d, constants)).reverse();
  const says = draft.message.replaceAll('*/', '* /');
  return [
    constants.source.includes('new UUID(') ? "import { UUID } from '../src/data/ids.ts';" : '',
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

/** The validators that a migration says, by the names of their constants. */
function validatorsOf(difference: Difference): [string, mongo.Document][] {
  const name = nameFor(difference.collection);
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
      `validator: ${nameFor(collection)},`,
      `indexes: [${list}],`,
      '});',
    ];
  }
  const { validator, dropped, created } = difference;
  return [
    ...describe(difference).map((line) => `// ${line}`),
    ...validating(collection, nameFor(collection), validator?.before, validator?.after),
    ...indexing(collection, dropped, created, constants),
  ];
}

function downOf(difference: Difference, constants: Constants): string[] {
  const { collection } = difference;
  if (difference.kind === 'extra') return [];
  if (difference.kind === 'missing') return [`await m.dropCollection(${literal(collection)});`];
  const { validator, dropped, created } = difference;
  const before = isEmpty(validator?.before) ? '{}' : `${nameFor(collection)}Before`;
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
  return [
    `await m.setValidator(${literal(collection)}, ${constant});`,
    ...notesOf(collection, from, to).flatMap(({ says, step }) => [
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
