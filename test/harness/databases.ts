import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mongoose, { type mongo } from 'mongoose';
import { migrations } from '../../migrations/index.ts';
import { buildUserUri } from '../../src/data/connection-string.ts';
import { entities } from '../../src/data/entity.ts';
import { upgrade } from '../../src/data/migrations/run.ts';
import { applyRole, applyUser } from '../../src/data/roles/apply.ts';
import { describeRoles } from '../../src/data/roles/roles.ts';
import { Migration } from '../../src/models/index.ts'; // and with it all entities, for which roles are made

const run = promisify(execFile);

/** Migrated databases that are lent to one process at a time. */
export interface Databases {
  /** A database as the migrations leave it, for this process until it ends. */
  lend(pid: number): Promise<{ database: string; mongodb: string }>;
  stop(): Promise<void>;
}

interface Lent {
  name: string;
  /** The address at which the role of the functions signs in. */
  mongodb: string;
  /** The process that has it. */
  pid: number;
  /** What it was right after its migrations. */
  migrated: string;
}

/** Deleting more documents than this takes longer than to migrate another database. */
const MOST_DOCUMENTS = 5000;
/** In ms; a delete that waits longer waits for a transaction that its process left open. */
const PATIENCE = 2000;

/**
 * Lends databases: one whose process has ended is emptied and lent again, so that a run migrates about as
 * many as it has workers. One whose collections, validators or indexes were changed is dropped instead.
 */
export function startDatabases(uri: string): Databases {
  const client = new mongoose.mongo.MongoClient(uri);
  const lent = new Set<Lent>();
  const dropped: Promise<unknown>[] = [];
  let count = 0;

  async function make(pid: number): Promise<Lent> {
    const name = `mixdown-test-${process.pid}-${++count}`;
    const users = await makeUsers(client.db(name), uri);
    const it = { name, pid, mongodb: users.functions, migrated: '' };
    lent.add(it);
    await migrateAs(users.migrate);
    it.migrated = await contents(client.db(name));
    return it;
  }

  const tell = ({ name: database, mongodb }: Lent) => ({ database, mongodb });

  return {
    async lend(pid) {
      const free = [...lent].find((it) => it.migrated && !isRunning(it.pid));
      if (!free) return tell(await make(pid));
      free.pid = pid;
      if (await empty(client.db(free.name), free.migrated)) return tell(free);
      lent.delete(free);
      dropped.push(client.db(free.name).dropDatabase());
      return tell(await make(pid));
    },
    async stop() {
      for (const { name } of lent) dropped.push(client.db(name).dropDatabase());
      await Promise.all(dropped);
      await client.close();
    },
  };
}

/** Makes the roles of a database. Returns the addresses at which their users sign in. */
async function makeUsers(db: mongo.Db, uri: string) {
  const made = { functions: '', migrate: '', verify: '' };
  const password = randomBytes(16).toString('hex');
  for (const role of await describeRoles([...entities.values()], migrations)) {
    await applyRole(db, role);
    await applyUser(db, role.name, password);
    made[role.name] = buildUserUri(uri, { database: db.databaseName, user: role.name, password });
  }
  return made;
}

/** By the migrations of this checkout, or by those of the checkouts that `MIGRATE_BY` names, in turn. */
async function migrateAs(uri: string): Promise<void> {
  const others = JSON.parse(process.env.MIGRATE_BY ?? '[]') as [root: string, target: string][];
  for (const [root, target] of others) {
    const env = { ...process.env, MONGODB_URI: uri };
    await run(process.execPath, [join(root, 'scripts/migrate.ts'), 'upgrade', target], { env });
  }
  if (others.length > 0) return;
  const client = new mongoose.mongo.MongoClient(uri);
  await upgrade(client.db(), migrations).finally(() => client.close());
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Brings a database back to what it was after its migrations. Whether that was possible. */
async function empty(db: mongo.Db, migrated: string): Promise<boolean> {
  const { objects } = await db.command({ dbStats: 1 });
  if (objects > MOST_DOCUMENTS || (await isInUse(db))) return false;
  if ((await contents(db)) !== migrated) return false;
  const collections = await db.collections();
  const options = { maxTimeMS: PATIENCE, writeConcern: { w: 1, journal: false } };
  const deletions = collections
    .filter(({ collectionName: name }) => name !== RECORDS && !name.startsWith('system.'))
    .map(async (collection) => {
      // From the collection's own count: most have no documents.
      if ((await collection.estimatedDocumentCount()) > 0) await collection.deleteMany({}, options);
      // A plan that was chosen for other documents must not be taken for the next file's.
      await db.command({ planCacheClear: collection.collectionName });
    });
  const ended = await Promise.allSettled(deletions);
  return ended.every((one) => one.status === 'fulfilled');
}

/** The one collection that has documents after the migrations. */
const RECORDS = Migration.collectionName;

/** Whether an operation of the process that had it still runs in the server. */
async function isInUse(db: mongo.Db): Promise<boolean> {
  const ns = { $regex: `^${db.databaseName}\\.` };
  const running = db.client
    .db('admin')
    .aggregate([{ $currentOp: {} }, { $match: { ns, active: true } }, { $limit: 1 }]);
  return (await running.toArray()).length > 0;
}

/** All collections with their options and indexes, and the records of migrations. */
async function contents(db: mongo.Db): Promise<string> {
  const catalog = db.client
    .db('admin')
    .aggregate([
      { $listCatalog: {} },
      { $match: { db: db.databaseName } },
      { $project: { name: 1, type: 1, options: '$md.options', indexes: '$md.indexes.spec' } },
      { $sort: { name: 1 } },
    ]);
  const [collections, records, { was: profiled }] = await Promise.all([
    catalog.toArray(),
    db.collection(RECORDS).find().toArray(),
    db.command({ profile: -1 }),
  ]);
  return JSON.stringify([profiled, records, collections]);
}
