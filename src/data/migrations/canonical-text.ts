import mongoose, { type mongo } from 'mongoose';
import { canonicalJson } from '../../canonical-json.ts';

/** Lists whose order has no meaning, by the keys that hold them. */
const SETS = ['required', 'enum', 'bsonType', '$and'];

/** Validators and indexes with equal texts mean the same: the order of keys and of sets is not in the text. */
export function toCanonicalText(value: mongo.Document): string {
  return canonicalJson(sortSets(mongoose.mongo.BSON.EJSON.serialize(value)));
}

/** Whether two validators or indexes mean the same. */
export function isSame(a: mongo.Document, b: mongo.Document): boolean {
  return toCanonicalText(a) === toCanonicalText(b);
}

function sortSets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortSets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, v]) => {
    const inner = sortSets(v);
    const isSet = SETS.includes(key) && Array.isArray(inner);
    return [key, isSet ? inner.toSorted(compareTexts) : inner];
  });
  return Object.fromEntries(entries);
}

function compareTexts(a: unknown, b: unknown): number {
  return canonicalJson(a) < canonicalJson(b) ? -1 : 1;
}
