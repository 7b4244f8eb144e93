import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First77a2aa } from './0001-first-77a2aa.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First77a2aa];
