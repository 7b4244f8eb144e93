import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstCdfaba } from './0001-first-cdfaba.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstCdfaba];
