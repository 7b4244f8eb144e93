import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First66ef09 } from './0001-first-66ef09.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First66ef09];
