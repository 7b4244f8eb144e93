import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First5c34ac } from './0001-first-5c34ac.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First5c34ac];
