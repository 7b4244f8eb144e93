import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First00e455 } from './0001-first-00e455.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First00e455];
