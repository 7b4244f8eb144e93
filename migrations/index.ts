import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First7e68c9 } from './0001-first-7e68c9.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First7e68c9];
