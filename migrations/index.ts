import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstC478f1 } from './0001-first-c478f1.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstC478f1];
