import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First22d08b } from './0001-first-22d08b.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First22d08b];
