import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstC6c2c3 } from './0001-first-c6c2c3.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstC6c2c3];
