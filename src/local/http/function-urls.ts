import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'aws-lambda';
import type { DeployedFunction, Deployment } from '../deployment/types.ts';
import { makeContext } from '../invoke/context.ts';
import type { Load } from '../invoke/handler.ts';
import { formatError, type Log } from '../log.ts';
import { makeAnswer } from './answer.ts';
import { makeEvent } from './event.ts';
import type { Target } from './target.ts';
import { write } from './write.ts';

/** Where function URLs are on this machine, which have hosts of their own in the cloud. */
const PREFIX = '/lambda-url/';

type StreamHandler = (event: unknown, response: ServerResponse, context: Context) => unknown;

/** Serves the functions that have a URL of their own and stream their response. */
export interface FunctionUrls {
  find(target: Target): DeployedFunction | undefined;
  serve(
    fn: DeployedFunction,
    target: Target,
    raw: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>;
  warm(): Promise<void>;
  /** Breaks off what is being streamed, and waits until the functions have noticed. */
  stop(): Promise<void>;
}

export function createFunctionUrls({ functions }: Deployment, load: Load, log: Log): FunctionUrls {
  const streaming = new Map(functions.filter((fn) => fn.isStreaming).map((fn) => [fn.name, fn]));
  const running = new Map<ServerResponse, Promise<void>>();

  async function run(
    fn: DeployedFunction,
    target: Target,
    raw: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const requestId = randomUUID();
    const path = target.path.slice(PREFIX.length + fn.name.length) || '/';
    const route = { target: fn, routeKey: '$default', parameters: undefined };
    const event = makeEvent(raw, { ...target, path }, undefined, route, requestId);
    const deadline = performance.now() + 1000 * fn.timeout;
    try {
      // serverless.yml says that it streams: then it takes the stream before the context.
      const handler = (await load(fn)) as unknown as StreamHandler;
      await handler(event, response, makeContext(fn, requestId, deadline));
    } catch (error) {
      log(`${fn.name} failed (request ${requestId}): ${formatError(error)}`);
      if (response.headersSent) response.destroy();
      else write(response, makeAnswer(502, 'Internal Server Error'), requestId);
    }
  }

  return {
    find: ({ path }) =>
      path.startsWith(PREFIX)
        ? streaming.get(path.slice(PREFIX.length).split('/')[0] ?? '')
        : undefined,
    async serve(fn, target, raw, response) {
      const call = run(fn, target, raw, response);
      running.set(response, call);
      await call;
      running.delete(response);
    },
    warm: async () => {
      for (const fn of streaming.values()) await load(fn);
    },
    stop: async () => {
      for (const response of running.keys()) response.destroy();
      await Promise.all(running.values());
    },
  };
}
