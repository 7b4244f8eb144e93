import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstBd0306 } from './0001-first-bd0306.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstBd0306];
