import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Ctx } from '../../context.ts';
import { renewKeys } from '../../crypto/key-ring.ts';
import { connect } from '../../data/connection.ts';
import { AppError, notFound } from '../../errors.ts';
import '../../models/index.ts';
import { requestAppend } from '../../services/audit/chain.ts';
import { checkSize } from '../json/answer-size.ts';
import { authenticate } from './authenticate.ts';
import { BASE_HEADERS } from './base-headers.ts';
import { meterCall } from './call-meter.ts';
import { checkBodyOf } from './check-body.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { refuseDetour } from './edge.ts';
import {
  type HttpEvent,
  type HttpResult,
  makeRequestCtx,
  readBody,
  readQuery,
  readSigned,
} from './http.ts';
import { type Answer, readKey, runOnce } from './idempotency.ts';
import { countCall, mergeCalls } from './ip-rate-limit.ts';
import { makeProblem } from './problems.ts';
import { createRouter, type Reply, type Route } from './route.ts';

type Find = ReturnType<typeof createRouter>;
/** Lambda's context, with ours in it. */
type Invoked = Context & { ctx: Ctx; startedAt: number };
type Invocation = middy.Request<HttpEvent, HttpResult, Error, Invoked>;

/**
 * Makes the Lambda handler of some routes. Every request takes the same way: request id → CORS →
 * rate limit → route → authentication → query, body → joi → idempotency → the route's own code →
 * answer. Every error is mapped to problem details in one place.
 */
export function serve(...groups: (Route | { routes: Route[] })[]) {
  const find = createRouter(groups.flatMap((g) => ('routes' in g ? g.routes : [g])));
  return middy<HttpEvent, HttpResult, Error, Invoked>({ timeoutEarlyInMillis: 0 })
    .use({
      before: (request: Invocation) => {
        request.context.startedAt = performance.now();
        request.context.ctx = makeRequestCtx(request.event, request.context);
        request.context.callbackWaitsForEmptyEventLoop = false;
      },
      onError: (request: Invocation) => {
        const { ctx } = request.context;
        const { status, code, headers, body } = makeProblem(request.error, ctx);
        request.response = { statusCode: status, headers, body };
        return finish(request, code);
      },
      after: (request: Invocation) => finish(request),
    })
    .handler((event, { ctx }) => {
      const merging = mergeCalls(ctx);
      const answering = answerEvent(find, event, ctx);
      // Beside the request. A Lambda is frozen once it has answered: nothing may be in flight then.
      return merging ? answering.finally(() => merging) : answering;
    });
}

/** Completes an answer, and counts it. @param code of an error */
function finish(request: Invocation, code?: string): Promise<void> | undefined {
  addHeaders(request);
  const { ctx, startedAt } = request.context;
  const { actor, operation } = ctx;
  const status = request.response?.statusCode;
  // What no route answers is of no operation.
  if (!operation || !status) return undefined;
  return meterCall(ctx, { actor, operation, status, code, ms: performance.now() - startedAt });
}

/** Adds the headers that every answer has, errors included. */
function addHeaders({ event, context, response }: Invocation): void {
  if (!response) return;
  response.headers = {
    ...BASE_HEADERS,
    ...corsHeaders(event.headers?.origin),
    'x-request-id': context.ctx.requestId,
    ...response.headers,
  };
  if (event.requestContext?.http?.method === 'HEAD') response.body = '';
}

function unknownPath(path: string): AppError {
  if (path.startsWith('/v1/')) return notFound();
  return new AppError('NOT_FOUND', 'There is no such path: those of the API begin with /v1.');
}

async function answerEvent(find: Find, event: HttpEvent, ctx: Ctx): Promise<HttpResult> {
  const { method } = event.requestContext.http;
  refuseDetour(event);
  const found = find(method, event.rawPath);
  if (!found) throw unknownPath(event.rawPath);
  if ('allow' in found) {
    const allow = [...found.allow, 'OPTIONS'];
    if (method === 'OPTIONS') {
      return {
        statusCode: 204,
        headers: { allow: allow.join(', '), ...preflightHeaders(event.headers.origin, allow) },
      };
    }
    throw new AppError('METHOD_NOT_ALLOWED', `This takes ${allow.join(', ')}.`, { allow });
  }
  const { route, params } = found;
  ctx.operation = route.id;
  countCall(ctx);
  // Public routes, which are the same for everybody, work without the database.
  if (route.personal !== false) {
    await renewKeys();
    await connect();
  }
  if (route.access !== 'anyone') {
    ctx.actor = await authenticate(ctx, event.headers.authorization);
    if (route.access === 'admin' && ctx.actor.kind !== 'ADMIN') {
      throw new AppError('FORBIDDEN', 'Only administrators may do this.');
    }
  }
  const query = readQuery(route, event.rawQueryString);
  const raw = readBody(route, event);
  const run = async (inner: Ctx) => {
    const body = await checkBodyOf(inner, route, raw);
    return route.handle(inner, {
      params,
      query,
      body: body as Record<string, unknown>,
      ...readSigned(route, event),
      ifMatch: event.headers['if-match'],
      ifNoneMatch: event.headers['if-none-match'],
      accept: event.headers.accept,
    });
  };
  const key = readKey(route, event.headers);
  if (key !== undefined) {
    // The query is part of the operation: the same body with another query is another request.
    const asked = [...Object.values(params), ...[...query].flat()];
    const operation = `${route.id} ${asked.join(' ')}`;
    const { status, headers, body } = await runOnce(ctx, key, operation, raw, async (inner) =>
      renderAnswer(await run(inner)),
    );
    await requestAppend(ctx);
    return { statusCode: status, headers, body };
  }
  const reply = await run(ctx);
  if (route.method !== 'GET') await requestAppend(ctx);
  return { ...renderReply(route, reply), ...(reply.binary && { isBase64Encoded: true }) };
}

function renderAnswer(reply: Reply): Answer {
  const { statusCode, headers, body } = renderReply({ personal: true }, reply);
  return {
    status: statusCode as number,
    headers: headers as Record<string, string>,
    body: body ?? '',
  };
}

function renderReply(route: Pick<Route, 'personal'>, reply: Reply): HttpResult {
  const body = reply.json === undefined ? (reply.body ?? '') : JSON.stringify(reply.json);
  checkSize(body);
  return {
    statusCode: reply.status,
    headers: {
      ...(reply.json !== undefined && { 'content-type': 'application/json' }),
      ...(route.personal !== false && { 'cache-control': 'no-store' }),
      ...reply.headers,
    },
    body,
  };
}
