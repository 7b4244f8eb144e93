import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First4fe77b } from './0001-first-4fe77b.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First4fe77b];
