import type { Context } from 'aws-lambda';
import type { Ctx } from '../../context.ts';
import { renewKeys } from '../../crypto/key-ring.ts';
import { connect } from '../../data/connection.ts';
import { idText } from '../../data/ids.ts';
import { AppError, invalidQuery } from '../../errors.ts';
import '../../models/index.ts';
import { findStandingSessions } from '../../services/news/standing-sessions.ts';
import {
  returnStreamLease,
  type StreamLease,
  takeStreamLease,
} from '../../services/news/stream-leases.ts';
import { readTicket, type Ticket } from '../../services/news/tickets.ts';
import { BASE_HEADERS } from '../http/base-headers.ts';
import { corsHeaders } from '../http/cors.ts';
import { type HttpEvent, makeRequestCtx } from '../http/http.ts';
import { countCall, mergeCalls } from '../http/ip-rate-limit.ts';
import { makeProblem } from '../http/problems.ts';
import { streamEvents } from './stream-events.ts';

/** A stream ends after so long, in ms, and so long before the function itself: the client resumes. */
const LONGEST = 15 * 60_000;
const RESERVE = 5_000;

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Some proxies would wait for more.
  'x-accel-buffering': 'no',
};

type Stream = awslambda.HttpResponseStream;

/**
 * Makes the handler of a function URL with response streaming, which sends events to whoever has a ticket.
 */
export function serveEventStream() {
  // Of Lambda's runtime; a script that only looks at what a function exports has none.
  const { awslambda: runtime } = globalThis as { awslambda?: Partial<typeof awslambda> };
  return runtime?.streamifyResponse ? runtime.streamifyResponse(answer) : answer;
}

async function answer(event: HttpEvent, response: Stream, context: Context): Promise<void> {
  const ctx = makeRequestCtx(event, context);
  const begin = (statusCode: number, own: Record<string, string>) => {
    const common = { ...BASE_HEADERS, ...corsHeaders(event.headers.origin) };
    const headers = { ...common, 'x-request-id': ctx.requestId, ...own };
    return awslambda.HttpResponseStream.from(response, { statusCode, headers });
  };
  let stream: Stream | undefined;
  let lease: StreamLease | undefined;
  try {
    const { ticket, after } = await admit(ctx, event);
    lease = await takeStreamLease(ctx, ticket.user);
    const time = Math.min(LONGEST, context.getRemainingTimeInMillis() - RESERVE);
    await streamEvents(ctx, { ticket, lease }, after, time, () => {
      stream = begin(200, STREAM_HEADERS);
      return stream;
    });
  } catch (error) {
    const { status, headers, body } = makeProblem(error, ctx);
    // Once it has begun it can only break off: the client resumes.
    if (stream) stream.destroy();
    else begin(status, headers).end(body);
  } finally {
    // Where it cannot be given back it runs out.
    await (lease && returnStreamLease(lease))?.catch((error: Error) =>
      ctx.log.warn('A stream that is over still counts for a while.', { error }),
    );
  }
}

/** Lets in whoever has a ticket whose session stands. @throws AppError */
async function admit(ctx: Ctx, event: HttpEvent): Promise<{ ticket: Ticket; after?: number }> {
  if (event.requestContext.http.method !== 'GET') {
    throw new AppError('METHOD_NOT_ALLOWED', 'This takes GET.', { allow: ['GET'] });
  }
  countCall(ctx);
  const after = readPlace(event);
  await renewKeys();
  await connect();
  await mergeCalls(ctx);
  const query = new URLSearchParams(event.rawQueryString);
  const ticket = readTicket(ctx, query.get('ticket') ?? '');
  const stands =
    ticket && (await findStandingSessions(ctx, [ticket.session])).has(idText(ticket.session));
  if (stands) return { ticket, ...(after !== undefined && { after }) };
  const message = 'Open it within a minute by a ticket of POST /v1/events/tickets.';
  throw new AppError('UNAUTHENTICATED', message);
}

/** The place to resume after. The header is the newer one: an EventSource sends it when it reconnects. */
function readPlace({ headers, rawQueryString }: HttpEvent): number | undefined {
  const given = headers['last-event-id'] || new URLSearchParams(rawQueryString).get('after');
  if (!given) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw invalidQuery([{ path: 'after', message: 'is not the id of an event' }]);
}
