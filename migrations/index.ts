import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstB9ca93 } from './0001-first-b9ca93.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstB9ca93];
