import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First7e8c63 } from './0001-first-7e8c63.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First7e8c63];
