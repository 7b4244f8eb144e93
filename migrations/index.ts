import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstB96c61 } from './0001-first-b96c61.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstB96c61];
