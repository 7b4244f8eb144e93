import type { mongo } from 'mongoose';
import type { Entity } from '../../src/data/entity.ts';
import { compare, type Difference } from '../../src/data/migrations/compare.ts';
import { live, modelled } from '../../src/data/migrations/definitions.ts';
import type { Migration } from '../../src/data/migrations/migration.ts';
import { standings } from '../../src/data/migrations/records.ts';
import { pending } from '../../src/data/migrations/targets.ts';

/** What the commands work on. */
export interface Place {
  db: mongo.Db;
  migrations: Migration[];
  entities: Iterable<Entity>;
}

/** How the database differs from the models. */
export async function differencesIn({ db, entities }: Place): Promise<Difference[]> {
  return compare(await live(db), modelled(entities));
}

/** Why the database is not at the head, or undefined when it is. */
export async function notAtHead({ db, migrations }: Place): Promise<string | undefined> {
  const there = await standings(db);
  const missing = pending(migrations, there).map(({ id }) => id);
  if (missing.length > 0) return `The database is not at the head: it lacks ${missing.join(', ')}.`;
  const known = migrations.map(({ id }) => id);
  const unknown = there.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return undefined;
  return `The database has migrations that are not here: ${unknown.join(', ')}.`;
}
