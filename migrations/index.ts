import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First3ebbf3 } from './0001-first-3ebbf3.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First3ebbf3];
