import type { mongo } from 'mongoose';
import type { Difference } from './compare.ts';
import { fieldChanges } from './fields.ts';
import { IDENTIFIER } from './literal.ts';

/** What a human has to look at, in sentences. */
export function checkByHand(differences: Difference[]): string[] {
  return differences.flatMap((difference) => {
    const { collection } = difference;
    if (difference.kind === 'extra') return [`no model has ${collection}`];
    if (difference.kind === 'missing' || !difference.validator) return [];
    const { before, after } = difference.validator;
    return notesOf(collection, before, after).map(({ says }) => says);
  });
}

/** Something that only a human can decide. */
export interface Note {
  says: string;
  /** A step that would do it. */
  step: string[];
}

/** What to think of when a validator changes. Documents do not change with it: one that no longer fits cannot be written. */
export function notesOf(collection: string, from: mongo.Document, to: mongo.Document): Note[] {
  if (isEmpty(from) || isEmpty(to)) return [];
  const { dropped, renames, required } = fieldChanges(from, to);
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
        `$rename: { ${key(from)}: '${to}' }`,
      ),
    })),
    ...gone.map((path) => ({
      says: `${collection} lost ${path}. A document that still has it can no longer be written`,
      step: batches(`drop ${path}`, collection, path, true, `$unset: { ${key(path)}: '' }`),
    })),
    ...empty.map((path) => ({
      says: `${collection} now must have ${path}. A document without it can no longer be written`,
      step: batches(`fill ${path}`, collection, path, false, `$set: { ${key(path)}: 'what?' }`),
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
  const filter = `{ ${key(path)}: { $exists: ${exists} } }`;
  return [
    `await m.eachBatch('${step}', '${collection}', ${filter}, (documents) =>`,
    '  documents.map(({ _id }) => ({',
    `    updateOne: { filter: { _id }, update: { ${update}, $inc: { version: 1 } } },`,
    '  })),',
    ');',
  ];
}

function key(path: string): string {
  return IDENTIFIER.test(path) ? path : `'${path}'`;
}

/** Nothing, or nothing in it. */
export function isEmpty(value: object | undefined): boolean {
  return !value || Object.keys(value).length === 0;
}
