import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstDda5da } from './0001-first-dda5da.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstDda5da];
