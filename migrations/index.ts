import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First165c04 } from './0001-first-165c04.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First165c04];
