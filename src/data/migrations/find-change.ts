import type { mongo } from 'mongoose';
import { isSame } from './canonical-text.ts';
import { applyChange } from './change-validator.ts';
import { compareFields, readFields } from './compare-fields.ts';
import type { ValidatorChange } from './migration.ts';

/** The change that makes one validator of another; undefined when one was not made of a model. */
export function findChange(
  before: mongo.Document,
  after: mongo.Document,
): ValidatorChange | undefined {
  const fields = readFields(after);
  if (readFields(before).size === 0 || fields.size === 0) return undefined;
  const { added, dropped, changed, required, optional } = compareFields(before, after);
  const whole = [...changed, ...added];
  // A field that is replaced brings what is in it along.
  const pick = (paths: string[]) =>
    paths.filter((path) => !whole.some((outer) => path.startsWith(`${outer}.`)));
  const set = pick(whole).map((path) => {
    const field = fields.get(path);
    return [path, field?.isId ? 'id' : field?.schema];
  });
  const lists = { unset: pick(dropped), required: pick(required), optional: pick(optional) };
  const change: ValidatorChange = {
    ...(set.length > 0 && { set: Object.fromEntries(set) }),
    ...Object.fromEntries(Object.entries(lists).filter(([, paths]) => paths.length > 0)),
  };
  return isSame(applyChange(before, change), after) ? change : undefined;
}
