import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First0ab8bf } from './0001-first-0ab8bf.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First0ab8bf];
