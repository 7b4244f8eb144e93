import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First4aad6a } from './0001-first-4aad6a.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First4aad6a];
