import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5f45f9 } from './0001-first-5f45f9.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5f45f9];
