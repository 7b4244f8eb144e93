import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First39a56e } from './0001-first-39a56e.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First39a56e];
