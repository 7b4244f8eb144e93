import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First1f1482 } from './0001-first-1f1482.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First1f1482];
