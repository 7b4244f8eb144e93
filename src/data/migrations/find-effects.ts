import type { mongo } from 'mongoose';
import { isSame } from './canonical-text.ts';
import { compareFields, type Fields, getHolderPath, readFields } from './compare-fields.ts';
import { getIndexName } from './definitions.ts';
import type { Index } from './migration.ts';

/** What a change means for a release that was made for the database of before, in sentences. */
export interface Effects {
  /** What is accepted from now on. The release of before gets on with that. */
  widens: string[];
  /** What is refused, or missed, from now on. The release of before may fail for it. */
  narrows: string[];
}

/** Whether a rule accepts more than before, fewer, or some of both. */
interface Turn {
  more: boolean;
  fewer: boolean;
}

/** Finds what a validator accepts, and what it refuses, that the one before it did not. */
export function findEffects(before: mongo.Document, after: mongo.Document): Effects {
  if (isSame(before, after)) return { widens: [], narrows: [] };
  const [old, now] = [readFields(before), readFields(after)];
  if (old.size === 0 || now.size === 0) return compareWholes(before, after);
  const { added, dropped, changed, required, optional } = compareFields(before, after);
  const turns = changed.map((path) => ({ path, ...compareField(old, now, path) }));
  return {
    widens: [
      // Where anything was accepted, a field with a name is nothing more.
      ...added.filter((path) => isClosed(old, path)).map((path) => `field ${path} is new`),
      ...optional.map((path) => `field ${path} is no longer required`),
      ...turns.filter(({ more }) => more).map(({ path }) => `field ${path} accepts more`),
    ],
    narrows: [
      ...dropped.filter((path) => isClosed(now, path)).map((path) => `field ${path} is gone`),
      ...required.map((path) => `field ${path} is now required`),
      ...turns.filter(({ fewer }) => fewer).map(({ path }) => `field ${path} accepts fewer`),
    ],
  };
}

/** Finds what a new index refuses or deletes; one that queries alone use has no effect. */
export function findEffectsOfNew(index: Index): Effects {
  const name = getIndexName(index);
  const narrows = [
    ...(index.unique ? [`index ${name} must be unique`] : []),
    ...(index.expireAfterSeconds === undefined ? [] : [`documents expire by ${name}`]),
  ];
  return { widens: [], narrows };
}

/** Finds what is accepted, or missed by queries, once an index is gone. */
export function findEffectsOfDropped(index: Index): Effects {
  const name = getIndexName(index);
  if (index.unique) return { widens: [`index ${name} need not be unique`], narrows: [] };
  return { widens: [], narrows: [`index ${name} is gone`] };
}

/** Of validators that were not made of models only their being there is known. */
function compareWholes(before: mongo.Document, after: mongo.Document): Effects {
  const isEmpty = (validator: mongo.Document) => Object.keys(validator).length === 0;
  return {
    widens: isEmpty(before) ? [] : ['the validator may accept more'],
    narrows: isEmpty(after) ? [] : ['the validator may accept fewer'],
  };
}

/** Whether the object that holds a field takes no others than those it names. */
function isClosed(fields: Fields, path: string): boolean {
  const holder = fields.get(getHolderPath(path));
  return !holder || holder.schema.additionalProperties === false;
}

function compareField(old: Fields, now: Fields, path: string): Turn {
  const [before, after] = [old.get(path), now.get(path)];
  const { more, fewer } = compareRules(before?.schema ?? {}, after?.schema ?? {});
  // An id is held to more than its type.
  return {
    more: more || (before?.isId === true && !after?.isId),
    fewer: fewer || (after?.isId === true && !before?.isId),
  };
}

/** What is said of the fields inside of an object or array is compared by their own paths. */
const OF_OTHERS = ['properties', 'required', 'items'];
const HIGHEST = ['maxLength', 'maximum', 'maxItems'];
const LOWEST = ['minLength', 'minimum', 'minItems'];
const SETS = ['enum', 'bsonType'];

function compareRules(before: mongo.Document, after: mongo.Document): Turn {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const turns = [...names]
    .filter((name) => !OF_OTHERS.includes(name))
    .map((name) => compareRule(name, before[name], after[name]));
  return { more: turns.some(({ more }) => more), fewer: turns.some(({ fewer }) => fewer) };
}

function compareRule(name: string, before: unknown, after: unknown): Turn {
  if (isSame({ [name]: before }, { [name]: after })) return { more: false, fewer: false };
  if (before === undefined || after === undefined) {
    return { more: after === undefined, fewer: before === undefined };
  }
  if (name === 'additionalProperties') return compareOthers(before, after);
  if (SETS.includes(name)) {
    const [old, now] = [listValues(before), listValues(after)];
    return {
      more: now.some((value) => !old.includes(value)),
      fewer: old.some((value) => !now.includes(value)),
    };
  }
  const isHigher = Number(after) > Number(before);
  if (HIGHEST.includes(name)) return { more: isHigher, fewer: !isHigher };
  if (LOWEST.includes(name)) return { more: !isHigher, fewer: isHigher };
  return { more: true, fewer: true }; // such as a pattern: nobody knows
}

/** Fields that an object does not name: none, any, or those that fit a schema. */
function compareOthers(before: unknown, after: unknown): Turn {
  if (before === false || after === false)
    return { more: before === false, fewer: after === false };
  return compareRules(before as mongo.Document, after as mongo.Document);
}

const NUMBERS = ['int', 'long', 'double', 'decimal'];

function listValues(values: unknown): unknown[] {
  return [values].flat().flatMap((value) => (value === 'number' ? NUMBERS : value));
}
