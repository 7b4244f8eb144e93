import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First83d9ac } from './0001-first-83d9ac.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First83d9ac];
