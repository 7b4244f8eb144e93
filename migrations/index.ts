import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First3863bd } from './0001-first-3863bd.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First3863bd];
