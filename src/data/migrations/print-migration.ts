import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import { advise } from './advice.ts';
import { splitValidator } from './change-validator.ts';
import type { Difference } from './compare.ts';
import { type Definition, getIndexName } from './definitions.ts';
import { findChange } from './find-change.ts';
import type { DocumentChange, Index, NewCollection } from './migration.ts';
import { printLiteral } from './print-literal.ts';

/** A migration that is to be written. */
export interface Draft {
  id: string;
  message: string;
  differences: Difference[];
  /** Documents that it inserts, by their collections. */
  seeds?: Map<string, Stored[]>;
  /** Collections that it creates and `down` does not drop. */
  kept?: string[];
}

/**
 * Prints a migration that makes the database what the models say, and back. Not yet formatted. What only a
 * human can decide is in it as a comment: `Check by hand`.
 */
export function printMigration({ id, message, differences, seeds, kept = [] }: Draft): string {
  const up = differences.map(printUp);
  for (const [collection, documents] of seeds ?? [])
    up.push([printStep('seed', collection, documents)]);
  const down = differences.toReversed().map((difference) => printDown(difference, kept));
  const body = `export const migration: Migration = {
    id: '${id}',

    ${printMethod('up', up)},

    ${printMethod('down', down)},
  };`;
  const says = message.replaceAll('*/', '* /');
  return [
    ...(body.includes('new UUID(') ? ["import { UUID } from '../src/data/ids.ts';"] : []),
    "import type { Migration } from '../src/data/migrations/migration.ts';",
    '',
    `/** ${says.charAt(0).toUpperCase()}${says.slice(1).replace(/([^.!?])$/, '$1.')} */`,
    body,
  ].join('\n');
}

function printMethod(name: string, groups: string[][]): string {
  const body = groups.flat().join('\n');
  if (!body) return `async ${name}() {\n// \`${name}(m)\` is called with the steps.\n}`;
  return `async ${name}(${/^await m\./m.test(body) ? 'm' : ''}) {\n${body}\n}`;
}

function printUp(difference: Difference): string[] {
  const { collection } = difference;
  if (difference.kind === 'extra') {
    const step = printStep('dropCollection', collection);
    return [
      `// Check by hand: no model has ${collection}. To drop it with all its documents:`,
      `// ${step}`,
    ];
  }
  if (difference.kind === 'missing') {
    return [printStep('createCollection', collection, describeCollection(difference.wanted))];
  }
  const { validator, dropped, created } = difference;
  return [
    ...(validator
      ? printChange(collection, validator.before, validator.after, { from: validator.asked })
      : []),
    ...printIndexes(collection, dropped, created),
  ];
}

function printDown(difference: Difference, kept: string[]): string[] {
  const { collection, kind } = difference;
  if (kind === 'extra') return [];
  if (kept.includes(collection)) return [`// ${collection} is not dropped.`];
  if (kind === 'missing') return [printStep('dropCollection', collection)];
  const { validator, dropped, created } = difference;
  return [
    ...(validator
      ? printChange(collection, validator.after, validator.before, { to: validator.asked })
      : []),
    ...printIndexes(collection, created, dropped),
  ];
}

/** The validator first: under the one before, documents could not be changed. */
function printChange(
  collection: string,
  from: mongo.Document,
  to: mongo.Document,
  asked: { from?: mongo.Document | undefined; to?: mongo.Document | undefined },
): string[] {
  const change = findChange(from, to);
  if (!change) return [printStep('setValidator', collection, to)];
  const { says, step } = advise(collection, asked.from ?? from, asked.to ?? to);
  return [
    printStep('changeValidator', collection, change),
    ...says.map((line) => `// Check by hand: ${line}`),
    ...(says.length > 0 ? printHint(collection, step) : []),
  ];
}

/** As a comment, which nothing formats. */
function printHint(collection: string, step: DocumentChange): string[] {
  const line = `// ${printStep('changeDocuments', collection, step)}`;
  if (line.length <= 96) return [line];
  return [
    `// await m.changeDocuments(${printLiteral(collection)}, {`,
    ...Object.entries(step).map(([name, paths]) => `//   ${name}: ${printLiteral(paths)},`),
    '// });',
  ];
}

/** Those that go before those that come: one that changed has the same name in both. */
function printIndexes(collection: string, dropped: Index[], created: Index[]): string[] {
  return [
    ...dropped.map((index) => printStep('dropIndex', collection, getIndexName(index))),
    ...created.map(({ key, ...options }) => {
      const more = Object.keys(options).length > 0 ? [options] : [];
      return printStep('createIndex', collection, key, ...more);
    }),
  ];
}

function printStep(step: string, ...values: unknown[]): string {
  return `await m.${step}(${values.map(printLiteral).join(', ')});`;
}

/** A definition as a migration has it. */
function describeCollection({ validator, indexes }: Definition): NewCollection {
  const parts = splitValidator(validator);
  if (!parts) throw new Error('Only a validator that was made of a model is written as fields.');
  const { schema, ids } = parts;
  const fields = Object.entries<mongo.Document>(schema.properties).map(([name, field]) => [
    name,
    ids.includes(name) ? 'id' : field,
  ]);
  return { fields: Object.fromEntries(fields), required: schema.required ?? [], indexes };
}
