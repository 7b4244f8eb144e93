import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001First8cfde7 } from './0001-first-8cfde7.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001First8cfde7];
