import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First70fe4c } from './0001-first-70fe4c.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First70fe4c];
