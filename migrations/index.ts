import type { Migration } from '../src/data/migrations.ts';
import { first } from './0001-first.ts';
import { sealingKeys } from './0002-sealing-keys.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [first, sealingKeys];
