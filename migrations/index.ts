import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstC921f4 } from './0001-first-c921f4.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstC921f4];
