import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstFe306e } from './0001-first-fe306e.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstFe306e];
