import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First2ea52a } from './0001-first-2ea52a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First2ea52a];
