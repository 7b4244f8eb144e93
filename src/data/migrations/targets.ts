import type { Migration } from './migration.ts';
import type { Standing } from './records.ts';

/** The migrations that `upgrade TARGET` applies: `head`, `+2`, or up to an id. @throws Error for an unknown id */
export function toApply(all: Migration[], standings: Standing[], target: string): Migration[] {
  const missing = pending(all, standings);
  if (target === 'head') return missing;
  const count = /^\+(\d+)$/.exec(target)?.[1];
  if (count) return missing.slice(0, atMost(Number(count), missing.length, 'are missing'));
  const { id } = named(all, target);
  return missing.filter((m) => m.id <= id);
}

/**
 * The migrations that `downgrade TARGET` undoes, newest first: `base`, `-2`, or down to an id, which stays.
 * @throws Error for an id that is unknown or not applied
 */
export function toUndo(all: Migration[], standings: Standing[], target: string): Migration[] {
  const there = standings.map(({ name }) => name).reverse();
  const names = there.slice(0, countOf(all, there, target));
  return names.map((name) => {
    const migration = all.find(({ id }) => id === name);
    if (migration) return migration;
    throw new Error(`The database has a migration ${name} that is not here: undo it where it is.`);
  });
}

/** The migrations that a database lacks, in order; one that was cut off is among them. */
export function pending(all: Migration[], standings: Standing[]): Migration[] {
  const done = standings.filter(({ status }) => status === 'APPLIED').map(({ name }) => name);
  return all.filter(({ id }) => !done.includes(id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function countOf(all: Migration[], there: string[], target: string): number {
  if (target === 'base') return there.length;
  const count = /^-(\d+)$/.exec(target)?.[1];
  if (count) return atMost(Number(count), there.length, 'are applied');
  const { id } = named(all, target);
  if (!there.includes(id)) throw new Error(`The database does not have ${id}.`);
  return there.filter((name) => name > id).length;
}

/** A slip of the finger is no wish for all that there is. */
function atMost(count: number, most: number, what: string): number {
  if (count <= most) return count;
  throw new Error(`There are not ${count}: ${most} ${what}.`);
}

/** By the id or its number: `0002-add-styles`, `0002`. */
function named(all: Migration[], target: string): Migration {
  const found = all.find(({ id }) => id === target || id.startsWith(`${target}-`));
  if (found) return found;
  throw new Error(
    `There is no migration ${target}. There are: ${all.map((m) => m.id).join(', ')}.`,
  );
}
