import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First75e2bb } from './0001-first-75e2bb.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First75e2bb];
