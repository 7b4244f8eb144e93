import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstE78ba1 } from './0001-first-e78ba1.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstE78ba1];
