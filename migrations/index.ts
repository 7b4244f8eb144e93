import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstE4a54d } from './0001-first-e4a54d.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstE4a54d];
