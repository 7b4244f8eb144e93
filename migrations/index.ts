import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First14ca39 } from './0001-first-14ca39.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First14ca39];
