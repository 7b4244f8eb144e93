import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstD2e095 } from './0001-first-d2e095.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstD2e095];
