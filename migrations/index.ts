import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First60ed0a } from './0001-first-60ed0a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First60ed0a];
