import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, S3Event, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Ctx, systemCtx } from '../../context.ts';
import { renewKeys } from '../../crypto/key-ring.ts';
import { connect } from '../../data/connection.ts';
import { BACKGROUND, type Patience } from '../../data/deadlines.ts';
import '../../models/index.ts';

/** Returns the milliseconds that this invocation has left. */
type TimeLeft = () => number;

/** What every invocation needs before it works: current keys, and the database. */
async function begin(patience: Patience = BACKGROUND): Promise<void> {
  await renewKeys();
  await connect(patience);
}

/**
 * Makes the handler of a schedule, a direct call, or a queue whose messages say no more than that there
 * is something to do: one run for a whole batch. An error that it throws fails the invocation.
 */
export function serveSchedule<T>(
  name: string,
  run: (ctx: Ctx, timeLeft: TimeLeft, event: unknown) => Promise<T>,
  patience = BACKGROUND,
) {
  return async (event: unknown, context?: Context): Promise<T> => {
    await begin(patience);
    return run(systemCtx(name, context?.awsRequestId), makeTimeLeft(context), event);
  };
}

/**
 * Makes the handler of a queue. Each message is handled on its own, and only those that failed are
 * redelivered. A function that also has a schedule gets the event of its schedule here, too.
 */
export function serveQueue(
  name: string,
  run: (ctx: Ctx, message: unknown, timeLeft: TimeLeft) => Promise<void>,
) {
  return async (
    event: SQSEvent | object,
    context: Context,
  ): Promise<SQSBatchResponse | undefined> => {
    await begin();
    const ctx = systemCtx(name, context?.awsRequestId);
    const timeLeft = makeTimeLeft(context);
    if (!('Records' in event)) {
      await run(ctx, event, timeLeft);
      return undefined;
    }
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(
      event,
      async (record: SQSRecord) => {
        try {
          await run(ctx, parseMessage(record.body), timeLeft);
        } catch (error) {
          ctx.log.error('A message could not be handled.', {
            messageId: record.messageId,
            error: error as Error,
          });
          throw error;
        }
      },
      processor,
      // When all have failed, they are listed like any other failures.
      { context, throwOnFullBatchFailure: false },
    );
  };
}

/** An object of an S3 event, with its key decoded. */
interface S3Record {
  bucket: string;
  key: string;
  sequencer: string;
}

/**
 * Makes the handler of S3 events: one call for each object created. The test event that S3 sends
 * when notifications are set up is ignored. Anything else is an error, so that a lost event does
 * not look handled.
 */
export function serveS3(name: string, run: (ctx: Ctx, record: S3Record) => Promise<void>) {
  return async (event: Partial<S3Event>, context?: Context): Promise<void> => {
    await begin();
    const ctx = systemCtx(name, context?.awsRequestId);
    if (!Array.isArray(event.Records)) {
      if ((event as { Event?: unknown }).Event === 's3:TestEvent') return;
      throw new Error('This is no S3 event notification');
    }
    for (const { eventName, s3 } of event.Records) {
      if (!/^(s3:)?ObjectCreated:/.test(eventName)) continue;
      const key = decodeKey(s3.object.key);
      if (key === undefined)
        ctx.log.warn('The key of an S3 event is not URL-encoded.', { key: s3.object.key });
      else await run(ctx, { bucket: s3.bucket.name, key, sequencer: s3.object.sequencer ?? '' });
    }
  };
}

function decodeKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined; // a % that encodes nothing: no key that we made
  }
}

/** Messages are hints that may be lost: one that is no JSON is an empty one. */
function parseMessage(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

function makeTimeLeft(context: Context | undefined): TimeLeft {
  return () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
}
