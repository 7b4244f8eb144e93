import type { mongo } from 'mongoose';
import { checkRole } from '../roles/check.ts';
import { holdLock, type LockOptions } from './lock.ts';
import type { Migration } from './migration.ts';
import { planDowngrade, planUpgrade } from './plan.ts';
import {
  beginRecord,
  type Direction,
  deleteRecord,
  prepareRecords,
  readRecords,
  saveRecord,
} from './records.ts';
import { makeDrySteps, makeSteps, OutOfTime, type Run } from './steps.ts';

interface RunOptions extends LockOptions {
  /** How long it may still run, in ms; with less than a minute it stops between two steps or batches. */
  timeLeft?: () => number;
}

/** The migrations that were applied or undone, and the one for which there was too little time. */
interface Outcome {
  done: string[];
  unfinished?: string;
}

/**
 * Applies migrations in order: `head` for all that are pending, `widening` for those with which the functions
 * of before still work, `+2`, or up to an id. Two runners at once are safe, and one that was killed is continued.
 * @throws Error when another runner holds the lock for too long, for an unknown id, for a database that was
 * made by other migrations, and when the user's role lacks a collection
 */
export function upgrade(
  db: mongo.Db,
  migrations: Migration[],
  target = 'head',
  options: RunOptions = {},
): Promise<Outcome> {
  return runAll(db, migrations, 'up', target, options);
}

/** Undoes migrations, newest first: `-2`, `base`, or down to an id, which stays. */
export function downgrade(
  db: mongo.Db,
  migrations: Migration[],
  target: string,
  options: RunOptions = {},
): Promise<Outcome> {
  return runAll(db, migrations, 'down', target, options);
}

/** Prints what an upgrade or a downgrade would do, and writes nothing. Returns the ids. */
export async function printDryRun(
  db: mongo.Db,
  migrations: Migration[],
  direction: Direction,
  target: string,
  tell: (line: string) => void,
): Promise<string[]> {
  const planned = await PLANS[direction](migrations, await readRecords(db), target);
  for (const migration of planned) {
    tell(migration.id);
    await migration[direction](makeDrySteps(db, tell));
  }
  return planned.map(({ id }) => id);
}

const PLANS = { up: planUpgrade, down: planDowngrade };

function runAll(
  db: mongo.Db,
  migrations: Migration[],
  direction: Direction,
  target: string,
  { tell = () => {}, timeLeft = () => Number.POSITIVE_INFINITY, ...waiting }: RunOptions,
): Promise<Outcome> {
  return holdLock(db, { ...waiting, tell }, async (hold) => {
    const planned = await PLANS[direction](migrations, await readRecords(db), target);
    await checkRole(db, planned);
    await prepareRecords(db);
    const done: string[] = [];
    for (const migration of planned) {
      tell(migration.id);
      try {
        await runOne(migration, direction, { db, hold, name: migration.id, tell, timeLeft });
      } catch (error) {
        if (error instanceof OutOfTime) return { done, unfinished: migration.id };
        throw error;
      }
      done.push(migration.id);
    }
    return { done };
  });
}

async function runOne(
  migration: Migration,
  direction: Direction,
  run: Omit<Run, 'progress'>,
): Promise<void> {
  const { db, hold, name } = run;
  const began = performance.now();
  const progress = await hold.write((session) => beginRecord(db, session, name, direction));
  await migration[direction](makeSteps({ ...run, progress }));
  await hold.write((session) => {
    if (direction === 'down') return deleteRecord(db, session, name);
    const durationMs = Math.round(performance.now() - began);
    const appliedAt = new Date();
    return saveRecord(db, session, name, { status: 'APPLIED', appliedAt, durationMs });
  });
}
