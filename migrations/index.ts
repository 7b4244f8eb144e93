import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstD289da } from './0001-first-d289da.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstD289da];
