import '../harness/place.ts';
import mongoose, { type mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { systemCtx } from '../../src/context.ts';
import { database } from '../../src/data/connection.ts';
import { buildUserUri } from '../../src/data/connection-string.ts';
import { entities, type Stored } from '../../src/data/entity.ts';
import { newId } from '../../src/data/ids.ts';
import type { Migration } from '../../src/data/migrations/migration.ts';
import { downgrade, upgrade } from '../../src/data/migrations/run.ts';
import { applyRole, applyUser } from '../../src/data/roles/apply.ts';
import { ACTIONS, describeRoles } from '../../src/data/roles/roles.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { adminDatabase } from '../harness/admin.ts';
import { given } from '../harness/given.ts';

const UNAUTHORIZED = 13;

const AUDIT = AuditEvent.collectionName;
/** What somebody would do who wants to hide what was done. */
const TAMPERING: Record<string, (db: mongo.Db) => Promise<unknown>> = {
  'update an audit event': (db) => db.collection(AUDIT).updateOne({}, { $set: { action: 'x' } }),
  'replace an audit event': (db) => db.collection(AUDIT).replaceOne({}, { action: 'x' }),
  'find and change an audit event': (db) =>
    db.collection(AUDIT).findOneAndUpdate({}, { $set: { action: 'x' } }),
  'overwrite an audit event by an aggregation': (db) => {
    const set = { $set: { action: 'x' } };
    const merge = { $merge: { into: AUDIT, whenMatched: 'replace' } };
    return db.collection(AUDIT).aggregate([set, merge]).toArray();
  },
  'delete an audit event': (db) => db.collection(AUDIT).deleteOne({}),
  'delete all audit events': (db) => db.collection(AUDIT).deleteMany({}),
  'drop the audit log': (db) => db.command({ drop: AUDIT }),
  'rename the audit log': (db) => db.collection(AUDIT).rename('past'),
  'drop the database': (db) => db.command({ dropDatabase: 1 }),
};
/** What would widen its own rights, or reach what is not this database. */
const REACHING: Record<string, (db: mongo.Db) => Promise<unknown>> = {
  'read the users': (db) => db.client.db('admin').collection('system.users').findOne({}),
  'ask about the users': (db) => db.command({ usersInfo: { forAllDBs: true } }),
  'change a role': (db) => db.command({ updateRole: 'functions', roles: ['dbOwner'] }),
  'make a user': (db) => db.command({ createUser: 'eve', pwd: 'eve', roles: ['dbOwner'] }),
  'take a role': (db) => db.command({ grantRolesToUser: 'functions', roles: ['dbOwner'] }),
  'read another database': (db) => db.client.db(`${db.databaseName}-2`).collection('x').findOne({}),
  'read the oplog': (db) => db.client.db('local').collection('oplog.rs').findOne({}),
  'see what others do': (db) => db.client.db('admin').command({ currentOp: 1, $all: true }),
  'read what commands the profiler has written': (db) =>
    db.collection('system.profile').findOne({}),
  'have commands profiled': (db) => db.command({ profile: 2 }),
};
const DEFINING: Record<string, (db: mongo.Db) => Promise<unknown>> = {
  'create a collection': (db) => db.createCollection('more'),
  'drop a collection': (db) => db.command({ drop: 'tracks' }),
  'create an index': (db) => db.collection('tracks').createIndex({ more: 1 }),
  'drop an index': (db) => db.command({ dropIndexes: 'tracks', index: '*' }),
  'change a validator': (db) => db.command({ collMod: 'tracks', validator: {} }),
  'store what no validator would let in': (db) =>
    db.collection('tracks').insertOne({}, { bypassDocumentValidation: true }),
  'pretend that a migration was applied': (db) =>
    db.collection('migrations').updateMany({}, { $set: { status: 'APPLIED' } }),
  'hold the lock of the migrations': (db) =>
    db.collection<{ _id: string }>('migrationLocks').insertOne({ _id: 'lock' }),
};

const readAudit = (filter: mongo.Document = {}) =>
  adminDatabase().collection(AUDIT).find(filter).sort({ _id: 1 }).toArray();

const isRefused = async (work: Promise<unknown>) =>
  expect(
    await work.then(
      () => 'done',
      (error) => error.code,
    ),
  ).toBe(UNAUTHORIZED);

describe('the role of the functions', () => {
  beforeAll(async () => {
    await given.user();
    await appendToChain(systemCtx('test'));
  });

  test.each(Object.keys({ ...TAMPERING, ...REACHING, ...DEFINING }))(
    'does not let them %s',
    async (what) => {
      const before = await readAudit();
      expect(before).not.toHaveLength(0);
      await isRefused(
        ({ ...TAMPERING, ...REACHING, ...DEFINING }[what] as (typeof DEFINING)[''])(database()),
      );
      // More may come meanwhile.
      const kept = { _id: { $in: before.map(({ _id }) => _id) } };
      expect(await readAudit(kept)).toEqual(before);
    },
  );

  test('lets them read and write each other collection of the models', async () => {
    const own = ['auditEvents', 'auditKeys', 'creditsTransactions', 'migrations'];
    for (const { collectionName } of entities.values()) {
      if (own.includes(collectionName)) continue;
      const collection = database().collection(collectionName);
      const nobody = { _id: newId(Date.now()) as never };
      expect(await collection.findOne(nobody)).toBeNull();
      expect((await collection.updateOne(nobody, { $set: { version: 2 } })).matchedCount).toBe(0);
      expect((await collection.deleteOne(nobody)).deletedCount).toBe(0);
      // Refused by the validator, not by the role.
      await expect(collection.insertOne({ ...nobody })).rejects.toMatchObject({ code: 121 });
    }
  });
});

describe('the role of migrate', () => {
  const name = `${database().databaseName}-migrated`;
  const uri = buildUserUri(inject('tools').mongodb, {
    ...{ database: name, user: 'migrate', password: 'a password' },
  });
  const client = new mongoose.mongo.MongoClient(uri);
  const db = client.db();
  const owner = () => adminDatabase().client.db(name);
  const applyRoles = async (all: Migration[]) => {
    for (const role of await describeRoles([...entities.values()], all))
      await applyRole(owner(), role);
  };

  beforeAll(async () => {
    await applyRoles(migrations);
    await applyUser(owner(), 'migrate', 'a password');
    await upgrade(db, migrations);
    await owner().collection(AUDIT).insertOne({ action: 'x' }, { bypassDocumentValidation: true });
  });
  afterAll(async () => {
    await client.close();
    await owner().command({ dropAllUsersFromDatabase: 1 });
    await owner().command({ dropAllRolesFromDatabase: 1 });
    await owner().dropDatabase();
  });

  test('lets it do each step of a migration, once its roles are made with it', async () => {
    const next: Migration = {
      id: '0002-ideas',
      async up(m) {
        await m.createCollection('ideas', {
          fields: { _id: 'id', version: { bsonType: 'int' }, a: { bsonType: 'int' } },
          required: [],
          indexes: [{ key: { a: 1 } }],
        });
        await m.createIndex('ideas', { b: 1 });
        await m.dropIndex('ideas', 'b_1');
        const ideas = [1, 2].map((a) => ({ _id: newId(a), version: 1, a })) as Stored[];
        await m.seed('ideas', ideas);
        await m.changeValidator('ideas', { set: { c: { bsonType: 'int' } } });
        await m.changeDocuments('ideas', { rename: { a: 'c' } });
        await m.eachBatch('twice', 'ideas', {}, (some) =>
          some.map(({ _id, c }) => ({
            updateOne: { filter: { _id }, update: { $set: { c: 2 * c } } },
          })),
        );
        await m.changeValidator(AUDIT, { set: { place: { bsonType: 'string' } } });
        await m.createIndex(AUDIT, { place: 1 });
      },
      async down(m) {
        await m.dropIndex(AUDIT, 'place_1');
        await m.changeValidator(AUDIT, { unset: ['place'] });
        await m.dropCollection('ideas');
      },
    };
    const all = [...migrations, next];
    await expect(upgrade(db, all)).rejects.toThrow(/lacks ideas\..*npm run roles/);
    expect(await owner().collection('migrations').countDocuments()).toBe(migrations.length);
    await applyRoles(all);
    expect(await upgrade(db, all)).toEqual({ done: ['0002-ideas'] });
    expect(await owner().collection('ideas').distinct('c')).toEqual([2, 4]);
    expect(await downgrade(db, all, '-1')).toEqual({ done: ['0002-ideas'] });
  });

  test.each(Object.keys({ ...TAMPERING, ...REACHING }))('does not let it %s', async (what) => {
    await isRefused(({ ...TAMPERING, ...REACHING }[what] as (typeof REACHING)[''])(db));
    expect(await owner().collection(AUDIT).countDocuments({ action: 'x' })).toBe(1);
  });

  test('does not let it write audit events of its own', async () => {
    await isRefused(db.collection(AUDIT).insertOne({ action: 'forged' }));
  });

  test('lets a second runner end the session of a dead one', async () => {
    const session = client.startSession();
    await db.command({ killSessions: [session.id] });
    await session.endSession();
  });
});

test('no role has an action that is not one of the few', async () => {
  const roles = await describeRoles([...entities.values()], migrations);
  for (const { grants } of roles) {
    expect(new Set(grants.map(({ collection }) => collection)).size).toBe(grants.length);
    for (const { actions } of grants) expect(ACTIONS).toEqual(expect.arrayContaining(actions));
  }
});
