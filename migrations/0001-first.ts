import { createCollections, dropCollections } from '../src/data/collections.ts';
import type { Migration } from '../src/data/migrations.ts';
import {
  AuditEvent,
  IdempotencyRecord,
  Job,
  Project,
  RateCount,
  Session,
  Track,
  User,
  UserSettings,
} from '../src/models/index.ts';

const entities = [
  AuditEvent,
  IdempotencyRecord,
  Job,
  Project,
  RateCount,
  Session,
  Track,
  User,
  UserSettings,
];

/** The first collections, with their validators and indexes. */
export const first: Migration = {
  id: '0001-first',
  up: (db) => createCollections(db, entities),
  down: (db) => dropCollections(db, entities),
};
