import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstF3b374 } from './0001-first-f3b374.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstF3b374];
