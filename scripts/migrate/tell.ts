import { classify, explainMixed } from '../../src/data/migrations/classify.ts';
import { describe } from '../../src/data/migrations/compare.ts';
import { listPending } from '../../src/data/migrations/plan.ts';
import { type MigrationRecord, readRecords } from '../../src/data/migrations/records.ts';
import { explainNotAtHead, findDifferences, type Place } from './place.ts';

/** Prints the last migration that the database has, and how many it lacks. */
export async function tellCurrent({ db, migrations }: Place): Promise<void> {
  const records = await readRecords(db);
  const last = records.findLast(({ status }) => status === 'APPLIED')?.name ?? 'base';
  const pending = listPending(migrations, records).length;
  console.log(`${last} (${pending === 0 ? 'head' : `${pending} pending`})`);
  for (const { name, status } of records) {
    if (status === 'RUNNING') console.log(`${name} is running, or was cut off`);
  }
}

/** Prints every migration, and when it was applied. */
export async function tellHistory({ db, migrations }: Place): Promise<void> {
  const records = new Map((await readRecords(db)).map((record) => [record.name, record]));
  const names = new Set([...migrations.map(({ id }) => id), ...records.keys()]);
  for (const name of [...names].sort()) {
    const isHere = migrations.some(({ id }) => id === name);
    console.log(`${printRecord(name, records.get(name))}${isHere ? '' : '  (not in the code)'}`);
  }
}

/** Prints how models and database differ, and which migrations are to be two; then the exit code is 1. */
export async function tellFaults(place: Place): Promise<void> {
  const mixed = (await classify(place.migrations)).filter(({ kind }) => kind === 'mixed');
  const behind = await explainNotAtHead(place);
  const differences = behind ? [] : (await findDifferences(place)).flatMap(describe);
  const faults = [...mixed.map(explainMixed), ...(behind ? [behind] : []), ...differences];
  if (faults.length === 0) return console.log('Models and migrations agree.');
  for (const line of faults) console.error(line);
  const next = 'npm run migrate -- revision --autogenerate -m "…"';
  if (differences.length > 0) {
    console.error(`Models and migrations differ. Write what is missing: ${next}`);
  }
  process.exitCode = 1;
}

function printRecord(name: string, record: MigrationRecord | undefined): string {
  if (!record) return `  ${name}`;
  const { status, appliedAt, durationMs } = record;
  if (status === 'RUNNING') return `~ ${name}  is running, or was cut off`;
  const took = durationMs === undefined ? '' : `  ${durationMs} ms`;
  return `x ${name}  ${appliedAt?.toISOString() ?? ''}${took}`;
}
