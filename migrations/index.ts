import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstD43037 } from './0001-first-d43037.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstD43037];
