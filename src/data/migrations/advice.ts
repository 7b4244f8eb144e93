import type { mongo } from 'mongoose';
import type { Difference } from './compare.ts';
import { compareFields } from './compare-fields.ts';
import type { DocumentChange } from './migration.ts';

/** What only a human can decide when a validator changes: in sentences, and the step that it may call for. */
interface Advice {
  says: string[];
  step: DocumentChange;
}

/** What a human has to check in a migration that was written for these differences. */
export function listAdvice(differences: Difference[]): string[] {
  return differences.flatMap((difference) => {
    const { collection } = difference;
    if (difference.kind === 'extra') return [`no model has ${collection}`];
    if (difference.kind === 'missing' || !difference.validator) return [];
    const { before, after, asked = before } = difference.validator;
    return advise(collection, asked, after).says;
  });
}

/** A validator does not change documents: one that no longer fits it cannot be written until it does. */
export function advise(collection: string, from: mongo.Document, to: mongo.Document): Advice {
  const { dropped, renames, required } = compareFields(from, to);
  const rename = new Map(renames.map(({ from, to }) => [from, to]));
  const unset = dropped.filter((path) => !rename.has(path));
  const fill = required.filter((path) => !renames.some(({ to }) => to === path));
  return {
    says: [
      ...renames.map(
        ({ from, to }) =>
          `${collection} lost ${from} and gained ${to}, of the same type: is it a new name?`,
      ),
      ...unset.map(
        (path) => `${collection} lost ${path}: a document with it can no longer be written`,
      ),
      ...fill.map(
        (path) => `${collection} must have ${path}: a document without it can no longer be written`,
      ),
    ],
    step: {
      ...(rename.size > 0 && { rename: Object.fromEntries(rename) }),
      ...(unset.length > 0 && { unset }),
      ...(fill.length > 0 && { fill: Object.fromEntries(fill.map((path) => [path, 'what?'])) }),
    },
  };
}
