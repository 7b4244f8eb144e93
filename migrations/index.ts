import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First536b3d } from './0001-first-536b3d.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First536b3d];
