import type { mongo } from 'mongoose';
import { locked, type Waiting } from './lock.ts';
import type { Migration } from './migration.ts';
import { begin, type Direction, forget, keepRecords, save, standings } from './records.ts';
import { OutOfTime, type Run, stepsOn, stepsTold } from './steps.ts';
import { toApply, toUndo } from './targets.ts';

export interface Running extends Waiting {
  /** Ms that are left to run in; with less than a minute it stops between two steps or batches. */
  timeLeft?: () => number;
}

/** What came of it: the migrations that were applied or undone, and the one that time was too short for. */
export interface Outcome {
  done: string[];
  unfinished?: string;
}

/**
 * Applies migrations in order: `head` for all that are missing, `+2`, or up to an id. Two runners at once are
 * safe, and one that was cut off is gone on with.
 * @throws Error when another runner holds the lock for too long, or for an unknown id
 */
export function upgrade(
  db: mongo.Db,
  migrations: Migration[],
  target = 'head',
  running: Running = {},
): Promise<Outcome> {
  return runAll(db, migrations, 'up', target, running);
}

/** Undoes migrations, newest first: `-2`, `base`, or down to an id, which stays. */
export function downgrade(
  db: mongo.Db,
  migrations: Migration[],
  target: string,
  running: Running = {},
): Promise<Outcome> {
  return runAll(db, migrations, 'down', target, running);
}

/** Tells what an upgrade or a downgrade would do; writes nothing. Returns the ids. */
export async function rehearse(
  db: mongo.Db,
  migrations: Migration[],
  direction: Direction,
  target: string,
  tell: (line: string) => void,
): Promise<string[]> {
  const planned = PLANS[direction](migrations, await standings(db), target);
  for (const migration of planned) {
    tell(migration.id);
    await migration[direction](stepsTold(db, tell));
  }
  return planned.map(({ id }) => id);
}

const PLANS = { up: toApply, down: toUndo };

function runAll(
  db: mongo.Db,
  migrations: Migration[],
  direction: Direction,
  target: string,
  { tell = () => {}, timeLeft = () => Number.POSITIVE_INFINITY, ...waiting }: Running,
): Promise<Outcome> {
  return locked(db, { ...waiting, tell }, async (hold) => {
    await keepRecords(db);
    const done: string[] = [];
    for (const migration of PLANS[direction](migrations, await standings(db), target)) {
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
  const began = Date.now();
  const progress = await hold.write((session) => begin(db, session, name, direction));
  await migration[direction](stepsOn({ ...run, progress }));
  await hold.write((session) => {
    if (direction === 'down') return forget(db, session, name);
    const now = new Date();
    const durationMs = now.getTime() - began;
    return save(db, session, name, { status: 'APPLIED', appliedAt: now, durationMs });
  });
}
