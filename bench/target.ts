import { fork } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import jwt from 'jsonwebtoken';
import { MongoClient, ObjectId } from 'mongodb';
import { withDatabase } from '../src/data/connection-string.ts';
import { endWithParent } from '../src/local/process/end-with-parent.ts';
import { end } from '../src/local/process/keep.ts';
import { findFreePort } from '../src/local/process/ports.ts';
import { findInbox, type IdOf, makeDocuments, type Size } from './dataset.ts';
import { receiveMessage } from './messages.ts';

/** A server under load. All get the same requests, but for their own ids and tokens. */
export interface Target {
  name: string;
  base: string;
  pid: number;
  id: IdOf<string>;
  /**
   * The headers that authenticate a user; requested again for each slice, because tokens expire.
   */
  signedIn(user: number): Record<string, string>;
  /** Deletes what was created. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const KINDS = { user: 'a', project: 'b', track: 'c', session: 'd' };

/** Starts a server to compare with, `floor` or `plain`, on the same mongod. */
export async function startPeer(
  name: 'floor' | 'plain',
  mongodb: string,
  size: Size,
): Promise<Target> {
  const uri = withDatabase(mongodb, `bench_${name}`);
  const client = await MongoClient.connect(uri);
  const db = client.db();
  await db.dropDatabase();
  const { users, projects, tracks } = makeDocuments(
    size,
    (kind, n) => new ObjectId(formatId(kind, n)),
  );
  await db.collection<object>('users').insertMany(users());
  await db.collection<object>('projects').insertMany(projects());
  for (let project = 0; project < size.users * size.projects; project++) {
    await db.collection<object>('tracks').insertMany(tracks(project));
  }
  await db.collection('tracks').createIndex({ user: 1, project: 1, createdAt: -1 });
  await db.collection('tracks').createIndex({ project: 1, createdAt: -1 });

  const port = await findFreePort();
  const secret = randomBytes(32).toString('hex');
  const key = createSecretKey(Buffer.from(secret));
  const file = fileURLToPath(new URL(`./servers/${name}.ts`, import.meta.url));
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = fork(file, [String(port), uri, secret], { env });
  endWithParent(child);
  await receiveMessage(child, name);
  const inboxes = Array.from(
    { length: size.users },
    (_, u) => new ObjectId(formatId('project', findInbox(size, u))),
  );
  return {
    name,
    base: `http://127.0.0.1:${port}`,
    pid: child.pid as number,
    id: formatId,
    signedIn: (user) => ({
      authorization: `Bearer ${jwt.sign({ sub: formatId('user', user) }, key, { expiresIn: 600 })}`,
    }),
    clear: async () => {
      await db.collection('tracks').deleteMany({ project: { $in: inboxes } });
    },
    stop: async () => {
      await end(child, 2000);
      await client.close();
    },
  };
}

function formatId(kind: keyof typeof KINDS, n: number): string {
  return KINDS[kind] + n.toString(16).padStart(23, '0');
}
