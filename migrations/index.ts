import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First97365c } from './0001-first-97365c.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First97365c];
