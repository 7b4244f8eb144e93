import { describe } from '../../src/data/migrations/compare.ts';
import { type Standing, standings } from '../../src/data/migrations/records.ts';
import { pending } from '../../src/data/migrations/targets.ts';
import { differencesIn, notAtHead, type Place } from './place.ts';

/** Tells the last migration that the database has, and how many it lacks. */
export async function tellCurrent({ db, migrations }: Place): Promise<void> {
  const there = await standings(db);
  const last = there.findLast(({ status }) => status === 'APPLIED')?.name ?? 'base';
  const missing = pending(migrations, there).length;
  console.log(`${last} (${missing === 0 ? 'head' : `${missing} pending`})`);
  for (const { name, status } of there) {
    if (status === 'RUNNING') console.log(`${name} runs now, or was cut off`);
  }
}

/** Tells every migration, and when it was applied. */
export async function tellHistory({ db, migrations }: Place): Promise<void> {
  const there = new Map((await standings(db)).map((standing) => [standing.name, standing]));
  const names = new Set([...migrations.map(({ id }) => id), ...there.keys()]);
  for (const name of [...names].sort()) {
    const isHere = migrations.some(({ id }) => id === name);
    console.log(`${lineOf(name, there.get(name))}${isHere ? '' : '  (not here)'}`);
  }
}

/** Tells how models and database differ; then the exit code is 1. */
export async function tellDifferences(place: Place): Promise<void> {
  const behind = await notAtHead(place);
  const lines = behind ? [behind] : (await differencesIn(place)).flatMap(describe);
  if (lines.length === 0) return console.log('Models and migrations agree.');
  for (const line of lines) console.error(line);
  const next = 'npm run migrate -- revision --autogenerate -m "…"';
  if (!behind) console.error(`Models and migrations differ. Write what is missing: ${next}`);
  process.exitCode = 1;
}

function lineOf(name: string, standing: Standing | undefined): string {
  if (!standing) return `  ${name}`;
  const { status, appliedAt, durationMs } = standing;
  if (status === 'RUNNING') return `~ ${name}  runs now, or was cut off`;
  const took = durationMs === undefined ? '' : `  ${durationMs} ms`;
  return `x ${name}  ${appliedAt?.toISOString() ?? ''}${took}`;
}
