import { createCollections, dropCollections } from '../src/data/collections.ts';
import type { Migration } from '../src/data/migrations.ts';
import { SealingKey } from '../src/models/index.ts';

/** The keys of sealed fields. */
export const sealingKeys: Migration = {
  id: '0002-sealing-keys',
  up: (db) => createCollections(db, [SealingKey]),
  down: (db) => dropCollections(db, [SealingKey]),
};
