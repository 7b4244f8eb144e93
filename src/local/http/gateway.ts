import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type FastifyInstance, fastify } from 'fastify';
import type { DeployedFunction, Deployment } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { createInvoker, type Invoker, TimedOut } from '../invoke/invoker.ts';
import { formatError, formatMessage, type Log, toStderr } from '../log.ts';
import { type Answer, makeAnswer, readAnswer } from './answer.ts';
import { makeEvent } from './event.ts';
import { createFunctionUrls } from './function-urls.ts';
import { showMail } from './mail-pages.ts';
import { checkEvent, checkResult, EventTooLarge } from './payload.ts';
import { createRouter } from './routes.ts';
import { readTarget } from './target.ts';
import { refuse, write } from './write.ts';

// The quotas of an HTTP API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const limits = { body: 10 * 1024 * 1024, head: 10_240, time: 30_000 };

/** Serves the functions that have HTTP routes, at one address. */
export type Gateway = {
  readonly url: string;
  readonly port: number;
  /** Imports the handlers before the first request; failures are logged. */
  warm(): Promise<void>;
  stop(): Promise<void>;
};

type Options = {
  deployment: Deployment;
  host?: string;
  port?: number;
  load?: Load;
  log?: Log;
  /** The folder of mails, which are shown at /dev/mail. */
  mailDir?: string | undefined;
  /** How long a function may take, in ms; API Gateway waits 30 s. */
  time?: number;
  /** How long a client may take to send its request, in ms: its headers, and all of it. */
  sending?: number;
};

type Served = { fn: DeployedFunction; invoke: Invoker };

/** Serves the httpApi events of a deployment as API Gateway does, and its function URLs. */
export async function startGateway({
  deployment,
  host = 'localhost',
  port = 0,
  load = importHandler,
  log = toStderr,
  mailDir,
  time = limits.time,
  sending = limits.time,
}: Options): Promise<Gateway> {
  const invokers = deployment.functions
    .filter(({ routes }) => routes.length > 0)
    .map((fn) => ({ fn, invoke: createInvoker(fn, load, time) }));
  const find = createRouter(
    invokers.flatMap(({ fn, invoke }) =>
      fn.routes.map((route) => ({ route, target: { fn, invoke } })),
    ),
  );

  const urls = createFunctionUrls(deployment, load, log);

  const app = fastify({
    bodyLimit: limits.body,
    // Without these a client that sends a byte now and then would hold its connection for ever.
    requestTimeout: sending,
    http: {
      maxHeaderSize: limits.head,
      headersTimeout: sending,
      // Node looks at its connections only so often, in ms.
      connectionsCheckingInterval: Math.min(1000, sending),
    },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    // One route for everything: our router finds the function as API Gateway does, and a malformed
    // path must reach the function, too.
    rewriteUrl: (raw) => {
      // The event is built from the raw headers; fastify would reject a content type that it cannot
      // parse.
      if (raw.headers['content-type']) raw.headers['content-type'] = 'application/octet-stream';
      return '/';
    },
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    reply.hijack();
    write(reply.raw, refuse(error), randomUUID());
  });
  app.setNotFoundHandler((_request, reply) => {
    reply.hijack();
    write(reply.raw, makeAnswer(404, 'Not Found'), randomUUID());
  });
  app.all('/', (request, reply) => {
    reply.hijack();
    const body = request.body instanceof Buffer ? request.body : undefined;
    void serve(request.raw, reply.raw, request.originalUrl, body);
  });

  async function serve(
    raw: IncomingMessage,
    response: ServerResponse,
    url: string,
    body: Buffer | undefined,
  ): Promise<void> {
    const requestId = randomUUID();
    const target = readTarget(url);
    const streaming = urls.find(target);
    if (streaming) return urls.serve(streaming, target, raw, response);
    const match = find(raw.method ?? 'GET', target.path);
    const mail = mailDir && raw.method === 'GET' && (await showMail(mailDir, target.path));
    const answer = mail
      ? mail
      : match
        ? await call(match.target, makeEvent(raw, target, body, match, requestId), requestId)
        : makeAnswer(404, 'Not Found');
    try {
      write(response, answer, requestId);
    } catch (error) {
      // Node rejects invalid headers before anything is sent.
      log(`The response of ${match?.target.fn.name} cannot be sent: ${formatMessage(error)}`);
      write(response, makeAnswer(500, 'Internal Server Error'), requestId);
    }
  }

  async function call(
    { fn, invoke }: Served,
    event: APIGatewayProxyEventV2,
    requestId: string,
  ): Promise<Answer> {
    try {
      checkEvent(fn.name, event);
      const result = await invoke(event, requestId);
      checkResult(fn.name, result);
      return readAnswer(result);
    } catch (error) {
      const answer = explain(error, fn);
      const line = `${fn.name} failed (request ${requestId}), answered ${answer.status}`;
      log(`${line}: ${formatError(error)}`);
      return answer;
    }
  }

  /** Answers as API Gateway does when a function has not answered. */
  function explain(error: unknown, { timeout }: DeployedFunction): Answer {
    if (error instanceof EventTooLarge) return makeAnswer(413, 'Request Entity Too Large');
    // Whoever gives up first says so: a function that ends at its own limit has failed.
    const isGatewayFirst = error instanceof TimedOut && 1000 * timeout > time;
    return isGatewayFirst
      ? makeAnswer(503, 'Service Unavailable')
      : makeAnswer(500, 'Internal Server Error');
  }

  await app.listen({ host, port });
  const { port: bound } = app.server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    warm: async () => {
      for (const { fn, invoke } of invokers) {
        await invoke.warm().catch((error: unknown) => log(`${fn.name}: ${formatMessage(error)}`));
      }
      await urls.warm().catch((error: unknown) => log(formatMessage(error)));
    },
    stop: async () => {
      await Promise.all([close(app), urls.stop()]);
    },
  };
}

/** Waits for running requests to end, for five seconds at most. */
async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), 5000);
  await app.close();
  clearTimeout(timer);
}
