import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstB591a5 } from './0001-first-b591a5.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstB591a5];
