import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5f2a1e } from './0001-first-5f2a1e.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5f2a1e];
