import mongoose from 'mongoose';
import { config } from '../config.ts';
import { AppError } from '../errors.ts';

/** How long one try of a call on the database may take, in ms. */
interface Patience {
  call: number;
}

/** Somebody waits: with the driver's one retry a black hole ends within 5 s. */
export const INTERACTIVE: Patience = { call: 2400 };
/** A queue or a schedule waits. */
export const BACKGROUND: Patience = { call: 30_000 };

let patience = INTERACTIVE;
let opening: Promise<unknown> | undefined;

/** Opens the connection once per process; later invocations find it open. @throws AppError UNAVAILABLE */
export async function connect(wanted: Patience = INTERACTIVE): Promise<void> {
  if (mongoose.connection.readyState === 1) return;
  if (!opening) patience = wanted;
  opening ??= mongoose
    .connect(config.mongodbUri, {
      appName: 'mixdown',
      maxPoolSize: 10,
      minPoolSize: 0,
      serverSelectionTimeoutMS: 2400,
      connectTimeoutMS: 2000,
      socketTimeoutMS: patience.call,
      waitQueueTimeoutMS: 4500,
      writeConcern: { w: 'majority', journal: true },
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

/** `maxTimeMS` of a read: the server gives up before the caller does. */
export function readDeadline(): number {
  return patience.call - 400;
}

/** Closes it: for scripts and tests; a Lambda keeps its own until it is frozen for good. */
export async function disconnect(): Promise<void> {
  opening = undefined;
  await mongoose.disconnect();
}
