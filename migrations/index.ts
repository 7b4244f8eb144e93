import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First4b2548 } from './0001-first-4b2548.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First4b2548];
