import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstCf2baf } from './0001-first-cf2baf.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstCf2baf];
