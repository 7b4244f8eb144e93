import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First03593f } from './0001-first-03593f.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First03593f];
