import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First75c72a } from './0001-first-75c72a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First75c72a];
