import { classify, explainMixed } from './classify.ts';
import type { Migration } from './migration.ts';
import type { MigrationRecord } from './records.ts';

/** The database was made by other migrations. By this name `npm start` prints the message without a stack. */
class OtherMigrations extends Error {
  override readonly name = 'Refusal';
}

/**
 * Lists the migrations that `upgrade TARGET` applies: `head`, `widening`, `+2`, or up to an id.
 * @throws Error for an unknown id, when the database was made by other migrations, and for `widening` where
 * one that narrows is in the way
 */
export async function planUpgrade(
  all: Migration[],
  records: MigrationRecord[],
  target: string,
): Promise<Migration[]> {
  const pending = listPending(all, records);
  if (target === 'head') return pending;
  if (target === 'widening') return pickWidening(all, pending);
  const count = /^\+(\d+)$/.exec(target)?.[1];
  if (count) return pending.slice(0, checkCount(Number(count), pending.length, 'pending'));
  const { id } = findMigration(all, target);
  return pending.filter((m) => m.id <= id);
}

/** The pending migrations with which the functions of before still work: those up to the first that narrows. */
async function pickWidening(all: Migration[], pending: Migration[]): Promise<Migration[]> {
  const ids = pending.map(({ id }) => id);
  const classified = (await classify(all)).filter(({ id }) => ids.includes(id));
  const mixed = classified.find(({ kind }) => kind === 'mixed');
  if (mixed) throw new Error(explainMixed(mixed));
  const narrowing = classified.find(({ kind }) => kind === 'narrowing');
  if (!narrowing) return pending;
  const behind = classified.find(({ id, kind }) => kind === 'widening' && id > narrowing.id);
  if (!behind) return pending.filter(({ id }) => id < narrowing.id);
  throw new Error(
    `${narrowing.id} narrows, is not applied yet, and stands before ${behind.id}, which widens. ` +
      `Apply ${narrowing.id} first: by the release that brought it, once the functions of before are gone.`,
  );
}

/**
 * Lists the migrations that `downgrade TARGET` undoes, newest first: `base`, `-2`, or down to an id, which stays.
 * @throws Error for an id that is unknown or not applied
 */
export function planDowngrade(
  all: Migration[],
  records: MigrationRecord[],
  target: string,
): Migration[] {
  const applied = records.map(({ name }) => name).reverse();
  return applied.slice(0, countUndone(all, applied, target)).map((name) => {
    const migration = all.find(({ id }) => id === name);
    if (migration) return migration;
    throw new Error(
      `The database has the migration ${name}, which is not in this version of the code: ` +
        'undo it with the version that has it.',
    );
  });
}

/**
 * Lists the migrations that a database lacks, in order; one that was cut off is among them.
 * @throws Error when the database was made by other migrations
 */
export function listPending(all: Migration[], records: MigrationRecord[]): Migration[] {
  refuseOther(all, records);
  const done = records.filter(({ status }) => status === 'APPLIED').map(({ name }) => name);
  return all.filter(({ id }) => !done.includes(id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Lists the migrations that a database has and the code has not. */
export function listUnknown(all: Migration[], records: MigrationRecord[]): string[] {
  const known = all.map(({ id }) => id);
  return records.map(({ name }) => name).filter((name) => !known.includes(name));
}

/** On top of the migrations that it replaces, the first one would not leave what it promises. */
function refuseOther(all: Migration[], records: MigrationRecord[]): void {
  const [first] = all;
  const unknown = listUnknown(all, records);
  if (!first || unknown.length === 0 || records.some(({ name }) => name === first.id)) return;
  throw new OtherMigrations(
    `This database was made by migrations that are no longer in the code: ${unknown.join(', ')}.
${first.id} replaces them, and needs an empty database. Nothing was changed.
Local backend: stop it, move its data folder away (.mixdown, or what DATA_DIR says), start it again.
Another database: set MONGODB_URI to an empty one, or drop this one if nobody needs its data.`,
  );
}

function countUndone(all: Migration[], applied: string[], target: string): number {
  if (target === 'base') return applied.length;
  const count = /^-(\d+)$/.exec(target)?.[1];
  if (count) return checkCount(Number(count), applied.length, 'applied');
  const { id } = findMigration(all, target);
  if (!applied.includes(id)) throw new Error(`The database does not have ${id}.`);
  return applied.filter((name) => name > id).length;
}

/** A number that is too high is a mistake: it is not taken for all that there are. */
function checkCount(wanted: number, most: number, what: string): number {
  if (wanted <= most) return wanted;
  throw new Error(
    `${wanted} migrations were asked for, but only ${most} ${most === 1 ? 'is' : 'are'} ${what}.`,
  );
}

/** By the id or its number: `0002-add-styles`, `0002`. */
function findMigration(all: Migration[], target: string): Migration {
  const found = all.find(({ id }) => id === target || id.startsWith(`${target}-`));
  if (found) return found;
  throw new Error(
    `There is no migration ${target}. There are: ${all.map((m) => m.id).join(', ')}.`,
  );
}
