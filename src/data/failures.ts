import mongoose from 'mongoose';

const { mongo } = mongoose;

/**
 * The error codes of a server that is shutting down, or is no longer the primary.
 * https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
 */
const GOING = new Set<unknown>([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Whether an error is transient: the network, a failover, a deadline. */
export function isOutage(error: unknown): boolean {
  const thrown = unwrap(error);
  return (
    thrown instanceof mongo.MongoNetworkError ||
    GOING.has(readErrorCode(thrown)) ||
    thrown instanceof mongo.MongoServerSelectionError ||
    thrown instanceof mongo.MongoOperationTimeoutError ||
    thrown instanceof mongo.MongoNotConnectedError ||
    (thrown instanceof mongo.MongoError &&
      (thrown.hasErrorLabel('RetryableWriteError') ||
        thrown.hasErrorLabel('TransientTransactionError'))) ||
    isTooSlow(thrown) ||
    // All connections of the pool are in use; the driver does not export the class of this error.
    (thrown instanceof Error && thrown.name === 'MongoWaitQueueTimeoutError') ||
    (thrown instanceof Error && thrown.name === 'TimeoutError')
  );
}

/** Why several writes could not be sent the driver hides in an error of its own. */
function unwrap(error: unknown): unknown {
  const isHidden =
    error instanceof mongo.MongoBulkWriteError && error.errorResponse instanceof Error;
  return isHidden ? error.errorResponse : error;
}

/** Whether a failed read is worth retrying; not when it has used up its time, or is too large. */
export function isWorthRetrying(thrown: unknown): boolean {
  return (
    thrown instanceof mongo.MongoError &&
    !isTooSlow(thrown) &&
    !isTooLarge(thrown) &&
    !(thrown instanceof mongo.MongoServerSelectionError)
  );
}

/** Whether a read exceeded `maxTimeMS`. */
export function isTooSlow(thrown: unknown): boolean {
  return thrown instanceof mongo.MongoServerError && thrown.code === 50;
}

/** What a `$lookup` finds for one document, and that document with it, may have 16 MB. */
const TOO_LARGE = new Set<unknown>([4568, 10334]);

/** Whether a document would exceed what MongoDB can hold in one. */
export function isTooLarge(thrown: unknown): boolean {
  return TOO_LARGE.has(readErrorCode(thrown));
}

/** Whether a write was refused by a unique index, and by nothing else. */
export function isDuplicate(thrown: unknown): boolean {
  if (thrown instanceof mongo.MongoBulkWriteError) {
    return [thrown.writeErrors].flat().every((e) => e.code === 11000);
  }
  return thrown instanceof mongo.MongoServerError && thrown.code === 11000;
}

/** Does a write once more where somebody else has made the same at once: then that is found. */
export async function retryDuplicate<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isDuplicate(error)) return write();
    throw error;
  }
}

/** How many of several documents were inserted, in their order, before the one that failed. */
export function countInserted(thrown: unknown): number {
  return thrown instanceof mongo.MongoBulkWriteError ? thrown.insertedCount : 0;
}

/** Whether the validator of a collection refused a document. */
export function isInvalid(thrown: unknown): boolean {
  return readErrorCode(thrown) === 121;
}

/** The error code of a MongoDB server error; undefined for any other error. */
export function readErrorCode(thrown: unknown): unknown {
  return thrown instanceof mongo.MongoServerError ? thrown.code : undefined;
}
