import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5da1f3 } from './0001-first-5da1f3.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5da1f3];
