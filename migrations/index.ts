import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First240be2 } from './0001-first-240be2.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First240be2];
