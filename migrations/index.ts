import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First9cb75e } from './0001-first-9cb75e.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First9cb75e];
