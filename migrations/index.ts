import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First2ce730 } from './0001-first-2ce730.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First2ce730];
