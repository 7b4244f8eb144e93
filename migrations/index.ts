import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First29e54d } from './0001-first-29e54d.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First29e54d];
