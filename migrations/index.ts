import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstFbf91b } from './0001-first-fbf91b.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstFbf91b];
