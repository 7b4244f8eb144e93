import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstF2c014 } from './0001-first-f2c014.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstF2c014];
