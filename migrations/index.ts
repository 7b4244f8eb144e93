import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstF82117 } from './0001-first-f82117.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstF82117];
