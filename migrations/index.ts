import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First23fc78 } from './0001-first-23fc78.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First23fc78];
