import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstEde713 } from './0001-first-ede713.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstEde713];
