import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstF4dd38 } from './0001-first-f4dd38.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstF4dd38];
