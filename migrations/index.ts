import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First967c71 } from './0001-first-967c71.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First967c71];
