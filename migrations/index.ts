import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5587fd } from './0001-first-5587fd.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5587fd];
