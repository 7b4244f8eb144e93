import type { Migration } from '../src/data/migrations/migration.ts';
<<<<<<< HEAD
import { migration as m0001FirstA2b6c6 } from './0001-first-a2b6c6.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstA2b6c6];
=======
import { migration as m0001FirstD3e468 } from './0001-first-d3e468.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [m0001FirstD3e468];
>>>>>>> whole
