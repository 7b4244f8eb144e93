import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { formatMessage, type Log, toStderr } from './log.ts';
import { type Kept, keep } from './process/keep.ts';
import { noteChild } from './process/leftovers.ts';
import { openLog, readLastLines } from './process/log-file.ts';
import { waitForPort } from './process/ready.ts';

/** A mongod that is restarted when it dies. `uri` names no database. */
export type Mongod = Kept & { readonly uri: string };

export type MongodOptions = {
  /** The folder of `mongod/`, with the data, and of `mongod.log`. */
  dir: string;
  port: number;
  binary: string;
  log?: Log;
  /**
   * For tests that share it, and so never kill it: allows failpoints, and acknowledges a write before it
   * is in the journal, which takes half the time.
   */
  forTests?: boolean;
  /** Lets in only who has a password, as a deployed database does: this is its administrator's. */
  adminPassword?: string;
};

const set = 'rs0';

/** Starts MongoDB as a replica set with one member, and resolves once it accepts writes. */
export async function startMongod(options: MongodOptions): Promise<Mongod> {
  const { dir, port, binary, log = toStderr, forTests = false, adminPassword } = options;
  const data = join(dir, 'mongod');
  const words = join(dir, 'mongod.log');
  await mkdir(data, { recursive: true });
  const key = adminPassword ? await makeKey(dir, adminPassword) : undefined;
  const parameters = [
    'diagnosticDataCollectionEnabled=false', // it is for MongoDB's support, and takes CPU
    // As the only member it has no other that could take over.
    'shutdownTimeoutMillisForSignaledShutdown=100',
    // What a killed process had open is kept from others until then; by itself mongod waits for a minute.
    'transactionLifetimeLimitSeconds=20',
    // mongod keeps the files of dropped collections open for reads of earlier snapshots, of which the
    // event log makes some, of a moment ago; each test file drops a database of some hundred files,
    // and at the limit of open files mongod aborts.
    'minSnapshotHistoryWindowInSeconds=2',
    ...(forTests ? ['enableTestCommands=1', 'syncdelay=10'] : []),
  ];
  const args = [
    ...['--replSet', set, '--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1'],
    ...['--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '256', '--noscripting', '--nounixsocket'],
    ...[
      '--wiredTigerEngineConfigString',
      'file_manager=(close_idle_time=10,close_scan_interval=5)',
    ],
    ...(forTests ? ['--journalCommitInterval', '500'] : []), // nobody waits for it
    ...(key ? ['--keyFile', key.file] : []),
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
  ];
  const uri = buildMongodUri(options);

  async function launch(): Promise<ChildProcess> {
    const output = await openLog(words);
    const child = spawn(binary, args, {
      stdio: ['ignore', output.fd, output.fd],
      detached: true, // Ctrl-C in the terminal is for the supervisor, which ends its children
    });
    noteChild(join(dir, 'run'), 'mongod', child.pid);
    await output.close();
    return child;
  }

  async function ready(child: ChildProcess): Promise<void> {
    const dead = new AbortController();
    child.once('exit', () => dead.abort());
    await waitForPort(port, 60_000, dead.signal);
    await becomePrimary(`127.0.0.1:${port}`, key, !forTests);
  }

  try {
    const kept = await keep({ name: 'mongod', launch, ready, log });
    return Object.assign(kept, { uri });
  } catch (error) {
    throw new Error(
      `${formatMessage(error)}. Its log (${words}) ends:\n${await readLastLines(words)}`,
    );
  }
}

/** The address of a mongod, for its administrator if only who has a password may come in. */
export function buildMongodUri(options: Pick<MongodOptions, 'port' | 'adminPassword'>): string {
  const { port, adminPassword } = options;
  return adminPassword
    ? `mongodb://${ADMIN}:${adminPassword}@127.0.0.1:${port}/?directConnection=true&authSource=admin`
    : `mongodb://127.0.0.1:${port}/?directConnection=true`;
}

const ADMIN = 'admin';

/** What the members of a replica set know each other by. */
interface Key {
  file: string;
  content: string;
  adminPassword: string;
}

async function makeKey(dir: string, adminPassword: string): Promise<Key> {
  const file = join(dir, 'mongod.key');
  const content = randomBytes(48).toString('base64');
  await rm(file, { force: true }); // mongod wants one that nobody may write to
  await writeFile(file, content, { mode: 0o400 });
  return { file, content, adminPassword };
}

/**
 * Makes the member a primary: of a new replica set, or of one that was configured with another
 * port. With a key, makes its administrator, too.
 */
async function becomePrimary(
  host: string,
  key: Key | undefined,
  writeConcernMajorityJournalDefault: boolean,
): Promise<void> {
  const { MongoClient, MongoServerError } = await import('mongodb');
  const client = await MongoClient.connect(`mongodb://${host}/?directConnection=true`, {
    serverSelectionTimeoutMS: 30_000,
    // Who has the key is a member, and may do everything; at first nobody else can sign in.
    ...(key && {
      auth: { username: '__system', password: key.content },
      authSource: 'local',
      authMechanism: 'SCRAM-SHA-256' as const,
    }),
  });
  try {
    const admin = client.db('admin');
    const config = await admin.command({ replSetGetConfig: 1 }).then(
      (answer) => answer.config,
      (error: unknown) => {
        if (error instanceof MongoServerError && error.codeName === 'NotYetInitialized') return;
        throw error;
      },
    );
    if (!config) {
      const members = [{ _id: 0, host }];
      const replSetInitiate = { _id: set, members, writeConcernMajorityJournalDefault };
      await admin.command({ replSetInitiate });
    } else if (config.members[0].host !== host) {
      // With its old address in the configuration it would wait for ever. `force`, as there is no
      // majority to ask.
      const members = [{ ...config.members[0], host }];
      const replSetReconfig = { ...config, version: config.version + 1, members };
      await admin.command({ replSetReconfig, force: true });
    }
    const until = Date.now() + 60_000;
    while (!(await admin.command({ hello: 1 })).isWritablePrimary) {
      if (Date.now() > until) throw new Error('mongod did not become primary within a minute');
      await pause(10);
    }
    if (key) await makeAdmin(admin, key);
  } finally {
    await client.close();
  }
}

/** Makes the administrator, or gives the one of an earlier run this run's password. */
async function makeAdmin(db: Db, { adminPassword: pwd }: Key): Promise<void> {
  const { users } = await db.command({ usersInfo: ADMIN });
  await db.command(
    users.length > 0 ? { updateUser: ADMIN, pwd } : { createUser: ADMIN, pwd, roles: ['root'] },
  );
}
