import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First775bef } from './0001-first-775bef.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First775bef];
