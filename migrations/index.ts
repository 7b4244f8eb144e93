import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstFdc413 } from './0001-first-fdc413.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstFdc413];
