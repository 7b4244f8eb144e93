import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First4daca4 } from './0001-first-4daca4.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First4daca4];
