import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First291d64 } from './0001-first-291d64.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First291d64];
