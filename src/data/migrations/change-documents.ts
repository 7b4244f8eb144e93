import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import type { Change, DocumentChange } from './migration.ts';

/** The documents that a change concerns. */
export function buildFilter({ rename = {}, unset = [], fill = {} }: DocumentChange) {
  const gone = [...Object.keys(rename), ...unset].map((path) => ({
    [path.replaceAll('.$[]', '')]: { $exists: true },
  }));
  return { $or: [...gone, ...Object.keys(fill).map((path) => matchMissing(path.split('.')))] };
}

/** The writes that change some documents: one each, of the fields that it concerns in this one. */
export function buildWrites(change: DocumentChange): Change {
  return (documents) =>
    documents.flatMap((document) => {
      const { _id } = document;
      const update = buildUpdate(document, change);
      return update ? [{ updateOne: { filter: { _id }, update } }] : [];
    });
}

function buildUpdate(
  document: Stored,
  { rename = {}, unset = [], fill = {} }: DocumentChange,
): mongo.UpdateFilter<Stored> | undefined {
  const $set: Record<string, unknown> = {};
  const $unset: Record<string, ''> = {};
  for (const [from, to] of Object.entries(rename)) {
    for (const { path, name, holder } of findHolders(document, from)) {
      if (!(name in holder)) continue;
      $set[path + to.split('.').at(-1)] = holder[name];
      $unset[path + name] = '';
    }
  }
  for (const field of unset) {
    for (const { path, name, holder } of findHolders(document, field)) {
      if (name in holder) $unset[path + name] = '';
    }
  }
  for (const [field, value] of Object.entries(fill)) {
    for (const { path, name, holder } of findHolders(document, field)) {
      if (!(name in holder)) $set[path + name] = value;
    }
  }
  if (Object.keys({ ...$set, ...$unset }).length === 0) return undefined;
  return { $set, $unset, $inc: { version: 1 } };
}

interface Holder {
  /** Where in the document it is: empty, or ends in a dot. */
  path: string;
  /** The name of the field that it may hold. */
  name: string;
  holder: mongo.Document;
}

/** The objects of a document that may hold the field of this path: more than one below an array. */
function findHolders(document: mongo.Document, field: string): Holder[] {
  const names = field.split('.');
  const name = names.pop() as string; // a split text has one part at least
  let found = [{ path: '', name, holder: document }];
  for (const n of names) {
    found = found.flatMap(({ path, holder }) =>
      (n === '$[]' ? Object.keys(holder) : [n])
        .map((key) => ({ path: `${path}${key}.`, name, holder: holder[key] }))
        .filter(({ holder }) => typeof holder === 'object' && holder !== null),
    );
  }
  return found;
}

/** Documents in which what should hold a field is there, and the field is not. */
function matchMissing(names: string[]): mongo.Filter<Stored> {
  const array = names.indexOf('$[]');
  if (array > 0) {
    return {
      [names.slice(0, array).join('.')]: { $elemMatch: matchMissing(names.slice(array + 1)) },
    };
  }
  const holder = names.slice(0, -1).join('.');
  return {
    [names.join('.')]: { $exists: false },
    ...(holder && { [holder]: { $exists: true } }),
  };
}
