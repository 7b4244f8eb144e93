import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First18d5c5 } from './0001-first-18d5c5.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First18d5c5];
