import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First4a0e15 } from './0001-first-4a0e15.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First4a0e15];
