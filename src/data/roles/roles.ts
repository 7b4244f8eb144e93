import { Migration as Record } from '../../models/maintenance/migration.ts';
import type { Entity } from '../entity.ts';
import { LOCKS } from '../migrations/lock.ts';
import type { Migration } from '../migrations/migration.ts';
import { listCollections } from './collections.ts';

/** What a role may do with a collection, or with the database itself where none is named. */
interface Grant {
  collection: string;
  actions: Action[];
}

/** A role of the database, and the user of the same name who has it. */
export interface Role {
  name: 'functions' | 'migrate' | 'verify';
  grants: Grant[];
}

export type Action = (typeof ACTIONS)[number];

/** The words of MongoDB. https://www.mongodb.com/docs/manual/reference/privilege-actions/ */
export const ACTIONS = [
  ...(['find', 'insert', 'update', 'remove'] as const),
  ...(['createCollection', 'dropCollection', 'collMod', 'createIndex', 'dropIndex'] as const),
  ...(['listCollections', 'listIndexes', 'changeStream'] as const),
];

const WRITE: Action[] = ['find', 'insert', 'update', 'remove'];
const APPEND: Action[] = ['find', 'insert'];
const WATCH: Action[] = ['changeStream'];
const DEFINE: Action[] = ['createCollection', 'collMod', 'createIndex', 'dropIndex', 'listIndexes'];

/**
 * Describes the roles of a database: the one that all functions run under, that of `migrate`, and that of
 * `verify`, which reads what nobody may change. They follow from the models and the migrations, so a new
 * collection is in them before it is made.
 */
export async function describeRoles(entities: Entity[], migrations: Migration[]): Promise<Role[]> {
  const own = [Record.collectionName, LOCKS];
  const served = entities.filter(({ collectionName }) => !own.includes(collectionName));
  const isAppendOnly = new Set(
    served.filter(({ options }) => options.appendOnly).map((entity) => entity.collectionName),
  );
  const names = served.map((entity) => entity.collectionName);
  const migrated = new Set([...names, ...(await listCollections(migrations))]);
  return [
    {
      name: 'functions',
      grants: served.map(({ collectionName, options }) => ({
        collection: collectionName,
        actions: [...(options.appendOnly ? APPEND : WRITE), ...(options.watched ? WATCH : [])],
      })),
    },
    {
      name: 'migrate',
      grants: [
        { collection: '', actions: ['listCollections'] },
        ...own.map((collection) => ({ collection, actions: [...WRITE, ...DEFINE] })),
        ...[...migrated].map((collection) => ({
          collection,
          actions: isAppendOnly.has(collection)
            ? (['find', ...DEFINE] as Action[])
            : [...WRITE, ...DEFINE, 'dropCollection' as const],
        })),
      ],
    },
    {
      name: 'verify',
      grants: served
        .filter(({ options }) => options.appendOnly || options.verified)
        .map(({ collectionName }) => ({ collection: collectionName, actions: ['find'] })),
    },
  ];
}
