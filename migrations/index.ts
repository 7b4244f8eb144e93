import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First06d3e0 } from './0001-first-06d3e0.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First06d3e0];
