import type { mongo } from 'mongoose';
import { type Definitions, nameOf, textOf } from './definitions.ts';
import { type FieldChanges, fieldChanges } from './fields.ts';
import type { Definition, Index } from './migration.ts';

/** What differs between the database and the models, one collection each. */
export type Difference =
  | { kind: 'missing'; collection: string; wanted: Definition }
  | { kind: 'extra'; collection: string }
  | {
      kind: 'changed';
      collection: string;
      validator?: { before: mongo.Document; after: mongo.Document };
      /** Indexes to drop, and indexes to create; one that changed is in both. */
      dropped: Index[];
      created: Index[];
    };

/** Compares what is with what ought to be. Nothing is returned of what agrees. */
export function compare(is: Definitions, ought: Definitions): Difference[] {
  const names = [...new Set([...is.keys(), ...ought.keys()])].sort();
  return names.flatMap((collection): Difference[] => {
    const before = is.get(collection);
    const after = ought.get(collection);
    if (!after) return [{ kind: 'extra', collection }];
    if (!before) return [{ kind: 'missing', collection, wanted: after }];
    const dropped = without(before.indexes, after.indexes);
    const created = without(after.indexes, before.indexes);
    const isSame = textOf(before.validator) === textOf(after.validator);
    if (isSame && dropped.length === 0 && created.length === 0) return [];
    const validator = { before: before.validator, after: after.validator };
    return [{ kind: 'changed', collection, dropped, created, ...(!isSame && { validator }) }];
  });
}

/** Says a difference in lines to be read. */
export function describe(difference: Difference): string[] {
  const { collection } = difference;
  if (difference.kind === 'missing') return [`${collection}: is missing`];
  if (difference.kind === 'extra') return [`${collection}: no model has it`];
  const { validator, dropped, created } = difference;
  return [
    ...(validator ? describeFields(fieldChanges(validator.before, validator.after)) : []),
    ...dropped.map((index) => `index ${nameOf(index)} is not in the model`),
    ...created.map((index) => `index ${nameOf(index)} is missing`),
  ].map((line) => `${collection}: ${line}`);
}

function describeFields(changes: FieldChanges): string[] {
  const lines = [
    ...changes.added.map((path) => `field ${path} is new`),
    ...changes.dropped.map((path) => `field ${path} is gone`),
    ...changes.changed.map((path) => `field ${path} has changed`),
    ...changes.required.map((path) => `field ${path} is now required`),
    ...changes.renames.map(({ from, to }) => `was ${from} renamed to ${to}?`),
  ];
  return lines.length > 0 ? lines : ['the validator has changed'];
}

/** The indexes of one list that are not the same in the other. */
function without(indexes: Index[], others: Index[]): Index[] {
  const known = new Set(others.map(identity));
  return indexes.filter((index) => !known.has(identity(index)));
}

/** Name, key with its order, and options. */
function identity({ key, name, ...options }: Index): string {
  return `${nameOf({ key, ...(name && { name }) })} ${JSON.stringify(key)} ${textOf(options)}`;
}
