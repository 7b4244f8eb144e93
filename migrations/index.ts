import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstD3e468 } from './0001-first-d3e468.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstD3e468];
