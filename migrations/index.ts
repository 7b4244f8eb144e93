import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstF542f9 } from './0001-first-f542f9.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstF542f9];
