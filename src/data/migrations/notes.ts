import type { mongo } from 'mongoose';
import type { Difference } from './compare.ts';
import { fieldChanges } from './fields.ts';
import { literal } from './literal.ts';

/** What a human has to look at, in sentences. */
export function checkByHand(differences: Difference[]): string[] {
  return differences.flatMap((difference) => {
    const { collection } = difference;
    if (difference.kind === 'extra') return [`no model has ${collection}; it was left as it is`];
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

/** Nothing, or nothing in it. */
export function isEmpty(value: object | undefined): boolean {
  return !value || Object.keys(value).length === 0;
}
