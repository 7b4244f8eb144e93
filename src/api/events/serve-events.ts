import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, S3Event, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Ctx, systemCtx } from '../../context.ts';
import { connect } from '../../data/connection.ts';
import { BACKGROUND } from '../../data/deadlines.ts';
import '../../models/index.ts';

/** Milliseconds that this invocation has left. */
type TimeLeft = () => number;

/** The handler of a schedule, or of a direct call. Whatever it throws is a failed invocation. */
export function serveSchedule<T>(
  name: string,
  run: (ctx: Ctx, timeLeft: TimeLeft, event: unknown) => Promise<T>,
  patience = BACKGROUND,
) {
  return async (event: unknown, context?: Context): Promise<T> => {
    await connect(patience);
    return run(systemCtx(name, context?.awsRequestId), makeTimeLeft(context), event);
  };
}

/**
 * The handler of a queue: each message on its own, and only those that failed are told to come again.
 * A function that is also scheduled gets its schedule's event here too.
 */
export function serveQueue(
  name: string,
  run: (ctx: Ctx, message: unknown, timeLeft: TimeLeft) => Promise<void>,
) {
  return async (
    event: SQSEvent | object,
    context: Context,
  ): Promise<SQSBatchResponse | undefined> => {
    await connect(BACKGROUND);
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
          ctx.log.error('A message could not be worked off.', {
            messageId: record.messageId,
            error: error as Error,
          });
          throw error;
        }
      },
      processor,
      // All failed: say so by the list, like any other failure.
      { context, throwOnFullBatchFailure: false },
    );
  };
}

/** An object that S3 tells of, its key decoded. */
interface S3Record {
  bucket: string;
  key: string;
  sequencer: string;
}

/**
 * The handler of S3 events: one call for each object created. The event that S3 sends when it is set up, which
 * has no records, is nothing. Anything else is refused: what nobody reads must not look like what was done.
 */
export function serveS3(name: string, run: (ctx: Ctx, record: S3Record) => Promise<void>) {
  return async (event: Partial<S3Event>, context?: Context): Promise<void> => {
    await connect(BACKGROUND);
    const ctx = systemCtx(name, context?.awsRequestId);
    if (!Array.isArray(event.Records)) {
      if ((event as { Event?: unknown }).Event === 's3:TestEvent') return;
      throw new Error('This is no notification of S3');
    }
    for (const { eventName, s3 } of event.Records) {
      if (!/^(s3:)?ObjectCreated:/.test(eventName)) continue;
      const key = decodeKey(s3.object.key);
      if (key === undefined) ctx.log.warn('A key that is not url-encoded.', { key: s3.object.key });
      else await run(ctx, { bucket: s3.bucket.name, key, sequencer: s3.object.sequencer ?? '' });
    }
  };
}

function decodeKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined; // a stray %: no key of ours
  }
}

/** A queue's message is a hint; one that is no JSON is an empty hint. */
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
