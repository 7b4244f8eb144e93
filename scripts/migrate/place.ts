import type { mongo } from 'mongoose';
import type { Entity } from '../../src/data/entity.ts';
import { compare, type Difference } from '../../src/data/migrations/compare.ts';
import { deriveDefinitions, readDefinitions } from '../../src/data/migrations/definitions.ts';
import type { Migration } from '../../src/data/migrations/migration.ts';
import { listPending, listUnknown } from '../../src/data/migrations/plan.ts';
import { readRecords } from '../../src/data/migrations/records.ts';

/** What the code says of the database. */
export interface Code {
  migrations: Migration[];
  entities: Iterable<Entity>;
}

/** What the commands work on. */
export interface Place extends Code {
  db: mongo.Db;
}

/** How the database differs from the models. */
export async function findDifferences({ db, entities }: Place): Promise<Difference[]> {
  return compare(await readDefinitions(db), deriveDefinitions(entities));
}

/** Why the database is not at the head, or undefined when it is. */
export async function explainNotAtHead({ db, migrations }: Place): Promise<string | undefined> {
  const records = await readRecords(db);
  const pending = listPending(migrations, records).map(({ id }) => id);
  if (pending.length > 0) return `The database is not at the head: it lacks ${pending.join(', ')}.`;
  const unknown = listUnknown(migrations, records);
  if (unknown.length === 0) return undefined;
  return `The database has migrations that this version of the code has not: ${unknown.join(', ')}.`;
}
