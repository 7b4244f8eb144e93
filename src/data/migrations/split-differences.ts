import type { mongo } from 'mongoose';
import { isSame } from './canonical-text.ts';
import { applyChange } from './change-validator.ts';
import type { Difference } from './compare.ts';
import { compareFields } from './compare-fields.ts';
import { getIndexName } from './definitions.ts';
import { findChange } from './find-change.ts';
import { findEffects, findEffectsOfDropped, findEffectsOfNew } from './find-effects.ts';
import type { Index, ValidatorChange } from './migration.ts';

type Changed = Extract<Difference, { kind: 'changed' }>;

/** Differences for two migrations: what may change while the functions of before run, and what may not. */
export interface Split {
  widening: Difference[];
  narrowing: Difference[];
}

/** Splits differences into those that widen what the database accepts, and those that narrow it. */
export function splitDifferences(differences: Difference[]): Split {
  const split: Split = { widening: [], narrowing: [] };
  for (const difference of differences) {
    if (difference.kind === 'missing') split.widening.push(difference);
    else if (difference.kind === 'extra') split.narrowing.push(difference);
    else {
      const [widening, narrowing] = splitChanged(difference);
      if (!isEmpty(widening)) split.widening.push(widening);
      if (!isEmpty(narrowing)) split.narrowing.push(narrowing);
    }
  }
  return split;
}

function splitChanged({ kind, collection, validator, dropped, created }: Changed) {
  const names = (indexes: Index[]) => indexes.map(getIndexName);
  // One that changes is dropped and created at once.
  const isChanged = (index: Index) =>
    names(dropped).includes(getIndexName(index)) && names(created).includes(getIndexName(index));
  const isDroppedFirst = (index: Index) =>
    !isChanged(index) && findEffectsOfDropped(index).narrows.length === 0;
  const isCreatedFirst = (index: Index) =>
    !isChanged(index) && findEffectsOfNew(index).narrows.length === 0;
  const [first, second] = validator ? splitValidatorChange(validator) : [];
  const widening: Changed = {
    kind,
    collection,
    ...(first && { validator: first }),
    dropped: dropped.filter(isDroppedFirst),
    created: created.filter(isCreatedFirst),
  };
  const narrowing: Changed = {
    kind,
    collection,
    ...(second && { validator: second }),
    dropped: dropped.filter((index) => !isDroppedFirst(index)),
    created: created.filter((index) => !isCreatedFirst(index)),
  };
  return [widening, narrowing] as const;
}

type Change = NonNullable<Changed['validator']>;

/** By way of a validator between the two, which takes what both of them take. */
function splitValidatorChange({ before, after }: Change): [Change?, Change?] {
  const between = applyWidening(before, after);
  return [
    isSame(before, between) ? undefined : { before, after: between },
    isSame(between, after) ? undefined : { before: between, after, asked: before },
  ];
}

/** Makes the validator between: that of before, with all of the change that only widens. */
function applyWidening(before: mongo.Document, after: mongo.Document): mongo.Document {
  const change = findChange(before, after);
  if (!change) return before;
  const { added } = compareFields(before, after);
  const set = Object.entries(change.set ?? {}).filter(([path, field]) => {
    if (added.includes(path)) return true;
    const alone = applyChange(before, { set: { [path]: field } });
    return findEffects(before, alone).narrows.length === 0;
  });
  const widening: ValidatorChange = {
    set: Object.fromEntries(set),
    ...(change.optional && { optional: change.optional }),
  };
  return applyChange(before, widening);
}

function isEmpty({ validator, dropped, created }: Changed): boolean {
  return !validator && dropped.length === 0 && created.length === 0;
}
