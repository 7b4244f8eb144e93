import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First942113 } from './0001-first-942113.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First942113];
