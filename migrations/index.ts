import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5c94c7 } from './0001-first-5c94c7.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5c94c7];
