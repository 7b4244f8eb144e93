import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First6c81ac } from './0001-first-6c81ac.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First6c81ac];
