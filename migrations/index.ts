import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First69b09a } from './0001-first-69b09a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First69b09a];
