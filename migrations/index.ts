import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First38a422 } from './0001-first-38a422.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First38a422];
