import mongoose from 'mongoose';
import { config } from '../config.ts';
import { AppError } from '../errors.ts';

/** No call on the database may take longer, a black hole included, in ms. */
export const CALL_DEADLINE = 4500;

let opening: Promise<unknown> | undefined;

/** Opens the connection once per process; later invocations find it open. @throws AppError UNAVAILABLE */
export async function connect(): Promise<void> {
  if (mongoose.connection.readyState === 1) return;
  opening ??= mongoose
    .connect(config.mongodbUri, {
      appName: 'mixdown',
      maxPoolSize: 10,
      minPoolSize: 0,
      serverSelectionTimeoutMS: 3000,
      connectTimeoutMS: 2000,
      waitQueueTimeoutMS: CALL_DEADLINE,
      timeoutMS: CALL_DEADLINE,
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

/** Closes it: for scripts and tests; a Lambda keeps its own until it is frozen for good. */
export async function disconnect(): Promise<void> {
  opening = undefined;
  await mongoose.disconnect();
}
