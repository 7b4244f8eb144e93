import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First8526c6 } from './0001-first-8526c6.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First8526c6];
