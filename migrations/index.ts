import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstEa4906 } from './0001-first-ea4906.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstEa4906];
