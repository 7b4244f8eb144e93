import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First51b1b7 } from './0001-first-51b1b7.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First51b1b7];
