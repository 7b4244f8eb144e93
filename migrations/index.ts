import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstE25bfc } from './0001-first-e25bfc.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstE25bfc];
