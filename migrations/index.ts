import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstC526ed } from './0001-first-c526ed.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstC526ed];
