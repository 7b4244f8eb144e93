import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First40a21e } from './0001-first-40a21e.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First40a21e];
