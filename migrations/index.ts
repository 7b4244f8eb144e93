import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First1457d2 } from './0001-first-1457d2.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First1457d2];
