import type { mongo } from 'mongoose';
import { isSame, toCanonicalText } from './canonical-text.ts';
import { compareFields } from './compare-fields.ts';
import { type Definition, type Definitions, getIndexName } from './definitions.ts';
import type { Index } from './migration.ts';

/** How one collection differs between the database and the models. */
export type Difference =
  | { kind: 'missing'; collection: string; wanted: Definition }
  | { kind: 'extra'; collection: string }
  | {
      kind: 'changed';
      collection: string;
      /** `asked`: what it was at first, where it changes in two steps; questions are about the whole way. */
      validator?: { before: mongo.Document; after: mongo.Document; asked?: mongo.Document };
      /** Indexes to drop, and indexes to create; one that changed is in both. */
      dropped: Index[];
      created: Index[];
    };

/** Compares what the database is with what it must be. What agrees is not in the list. */
export function compare(is: Definitions, must: Definitions): Difference[] {
  const names = [...new Set([...is.keys(), ...must.keys()])].sort();
  return names.flatMap((collection): Difference[] => {
    const before = is.get(collection);
    const wanted = must.get(collection);
    if (!wanted) return [{ kind: 'extra', collection }];
    if (!before) return [{ kind: 'missing', collection, wanted }];
    const dropped = subtract(before.indexes, wanted.indexes);
    const created = subtract(wanted.indexes, before.indexes);
    const isUnchanged = isSame(before.validator, wanted.validator);
    if (isUnchanged && dropped.length === 0 && created.length === 0) return [];
    const validator = { before: before.validator, after: wanted.validator };
    return [{ kind: 'changed', collection, dropped, created, ...(!isUnchanged && { validator }) }];
  });
}

/** Describes a difference, one line for each thing that differs. */
export function describe(difference: Difference): string[] {
  const { collection } = difference;
  if (difference.kind === 'missing') return [`${collection}: is missing`];
  if (difference.kind === 'extra') return [`${collection}: no model has it`];
  const { validator, dropped, created } = difference;
  return [
    ...(validator ? describeFields(validator.before, validator.after) : []),
    ...dropped.map((index) => `index ${getIndexName(index)} is not in the model`),
    ...created.map((index) => `index ${getIndexName(index)} is missing`),
  ].map((line) => `${collection}: ${line}`);
}

function describeFields(before: mongo.Document, after: mongo.Document): string[] {
  const changes = compareFields(before, after);
  const lines = [
    ...changes.added.map((path) => `field ${path} is new`),
    ...changes.dropped.map((path) => `field ${path} is gone`),
    ...changes.changed.map((path) => `field ${path} has changed`),
    ...changes.required.map((path) => `field ${path} is now required`),
    ...changes.optional.map((path) => `field ${path} is no longer required`),
    ...changes.renames.map(({ from, to }) => `was ${from} renamed to ${to}?`),
  ];
  return lines.length > 0 ? lines : ['the validator is not of the form that models have'];
}

/** The indexes of one list that are not the same in the other. */
function subtract(indexes: Index[], others: Index[]): Index[] {
  const known = new Set(others.map(identify));
  return indexes.filter((index) => !known.has(identify(index)));
}

/** Name, key with its order, and options. */
function identify({ key, name, ...options }: Index): string {
  const fullName = getIndexName({ key, ...(name && { name }) });
  return `${fullName} ${JSON.stringify(key)} ${toCanonicalText(options)}`;
}
