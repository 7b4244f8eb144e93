import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstA52e0f } from './0001-first-a52e0f.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstA52e0f];
