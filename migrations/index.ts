import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First065dd7 } from './0001-first-065dd7.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First065dd7];
