import type { Migration } from '../src/data/migrations/migration.ts';
import { migration as m0001FirstE38259 } from './0001-first-e38259.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstE38259];
