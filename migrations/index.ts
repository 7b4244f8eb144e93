import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstEc9339 } from './0001-first-ec9339.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstEc9339];
