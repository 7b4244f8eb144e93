import mongoose, { type mongo } from 'mongoose';
import { type Config, config } from '../config.ts';
import { AppError } from '../errors.ts';
import { INTERACTIVE, type Patience, setPatience, withDeadline } from './deadlines.ts';
import { WRITE_CONCERN } from './write-concern.ts';

let opening: Promise<unknown> | undefined;

/**
 * Opens the connection, once per process: later invocations reuse it.
 * @throws AppError UNAVAILABLE
 */
export async function connect(wanted: Patience = INTERACTIVE): Promise<void> {
  if (isConnected()) return;
  if (!opening) setPatience(wanted);
  opening ??= mongoose
    .connect(config.mongodbUri, {
      appName: 'mixdown',
      ...choosePool(config),
      serverSelectionTimeoutMS: wanted.server,
      connectTimeoutMS: 2000,
      socketTimeoutMS: wanted.call,
      waitQueueTimeoutMS: wanted.total,
      writeConcern: WRITE_CONCERN,
      retryWrites: true,
      bufferCommands: false,
    })
    .catch((cause) => {
      opening = undefined;
      throw new AppError('UNAVAILABLE', 'The database cannot be reached.', {
        cause,
        retryAfter: 2,
      });
    });
  await opening;
}

/** Whether the connection is open. */
export function isConnected(): boolean {
  return mongoose.connection.readyState === 1;
}

/**
 * How many connections a process may open, on demand. A Lambda serves one request at a time, and
 * there are many of them; on one machine the gateway serves all requests.
 */
export function choosePool({
  stage,
  databaseConnections,
}: Pick<Config, 'stage' | 'databaseConnections'>): mongo.MongoClientOptions {
  if (stage === 'local') return { minPoolSize: 0, maxPoolSize: 100 };
  return { minPoolSize: 0, maxPoolSize: databaseConnections, maxIdleTimeMS: 60_000 };
}

/** @throws AppError UNAVAILABLE when the database does not answer */
export async function ping(): Promise<void> {
  await connect();
  const { db } = mongoose.connection;
  if (db) await withDeadline(db.command({ ping: 1 }));
}

/** Closes the connection, for scripts and tests. A Lambda keeps its own. */
export async function disconnect(): Promise<void> {
  opening = undefined;
  await mongoose.disconnect();
}

/** The database of the open connection. @throws Error when there is none */
export function database(): mongo.Db {
  const { db } = mongoose.connection;
  if (!db) throw new Error('There is no open connection to the database.');
  return db;
}
