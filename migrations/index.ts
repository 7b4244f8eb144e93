import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstCdb77a } from './0001-first-cdb77a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstCdb77a];
