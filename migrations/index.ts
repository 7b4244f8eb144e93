import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstAf57f2 } from './0001-first-af57f2.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstAf57f2];
