import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First0fe1e8 } from './0001-first-0fe1e8.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First0fe1e8];
