import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstEaaf23 } from './0001-first-eaaf23.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstEaaf23];
