import { fork } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import jwt from 'jsonwebtoken';
import { MongoClient, ObjectId } from 'mongodb';
import { withDatabase } from '../src/local/environment.ts';
import { end } from '../src/local/process/keep.ts';
import { leash } from '../src/local/process/leash.ts';
import { freePort } from '../src/local/process/ports.ts';
import { documents, type IdOf, inboxOf, type Size } from './dataset.ts';
import { nextMessage } from './messages.ts';

/** A server under load. All take the same requests; ids and tokens are their own. */
export interface Target {
  name: string;
  base: string;
  pid: number;
  id: IdOf<string>;
  /** The headers that sign a user in; asked again for each slice, since tokens run out. */
  signedIn(user: number): Record<string, string>;
  /** Takes away what was created. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const KINDS = { user: 'a', project: 'b', track: 'c', session: 'd' };

/** The servers to compare with, on the same mongod: `floor` and `plain`. */
export async function startPeer(
  name: 'floor' | 'plain',
  mongodb: string,
  size: Size,
): Promise<Target> {
  const uri = withDatabase(mongodb, `bench_${name}`);
  const client = await MongoClient.connect(uri);
  const db = client.db();
  await db.dropDatabase();
  const { users, projects, tracks } = documents(size, (kind, n) => new ObjectId(idText(kind, n)));
  await db.collection<object>('users').insertMany(users());
  await db.collection<object>('projects').insertMany(projects());
  for (let project = 0; project < size.users * size.projects; project++) {
    await db.collection<object>('tracks').insertMany(tracks(project));
  }
  await db.collection('tracks').createIndex({ user: 1, project: 1, createdAt: -1 });
  await db.collection('tracks').createIndex({ project: 1, createdAt: -1 });

  const port = await freePort();
  const secret = randomBytes(32).toString('hex');
  const key = createSecretKey(Buffer.from(secret));
  const file = fileURLToPath(new URL(`./servers/${name}.ts`, import.meta.url));
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = fork(file, [String(port), uri, secret], { env });
  leash(child);
  await nextMessage(child, name);
  const inboxes = Array.from(
    { length: size.users },
    (_, u) => new ObjectId(idText('project', inboxOf(size, u))),
  );
  return {
    name,
    base: `http://127.0.0.1:${port}`,
    pid: child.pid as number,
    id: idText,
    signedIn: (user) => ({
      authorization: `Bearer ${jwt.sign({ sub: idText('user', user) }, key, { expiresIn: 600 })}`,
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

function idText(kind: keyof typeof KINDS, n: number): string {
  return KINDS[kind] + n.toString(16).padStart(23, '0');
}
