import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First92cc91 } from './0001-first-92cc91.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First92cc91];
