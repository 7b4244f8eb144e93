import { randomUUID } from 'node:crypto';
import type { DeployedFunction } from '../deployment/types.ts';
import { makeContext } from './context.ts';
import type { Handler, Load } from './handler.ts';

/** Calls one function as Lambda does; rejects with what it throws, or `TimedOut`. */
export type Invoker = {
  (event: unknown, requestId?: string): Promise<unknown>;
  /** Imports the handler before the first call. */
  warm(): Promise<void>;
};

/** The function exceeded its timeout. If it answers later, the answer is ignored. */
export class TimedOut extends Error {
  override name = 'TimedOut';
}

/** Makes a function that calls one Lambda function; `cap` is a further limit of its time, in ms. */
export function createInvoker(
  fn: DeployedFunction,
  load: Load,
  cap = Number.POSITIVE_INFINITY,
): Invoker {
  const limit = Math.min(fn.timeout * 1000, cap);
  let handler: Handler | undefined;
  let loading: Promise<Handler> | undefined;

  async function warm(): Promise<Handler> {
    loading ??= load(fn);
    try {
      handler = await loading;
      return handler;
    } finally {
      loading = undefined; // the next call retries a failed import
    }
  }

  async function invoke(event: unknown, requestId: string = randomUUID()): Promise<unknown> {
    const ready = handler ?? (await warm());
    return withDeadline(fn.name, limit, (deadline) =>
      ready(event, makeContext(fn, requestId, deadline)),
    );
  }

  return Object.assign(invoke, {
    warm: async () => {
      await warm();
    },
  });
}

function withDeadline(
  name: string,
  limit: number,
  call: (deadline: number) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new TimedOut(`${name} timed out after ${limit / 1000} seconds`)),
      limit,
    );
    const settle = (end: (value: unknown) => void) => (value: unknown) => {
      clearTimeout(timer);
      end(value);
    };
    try {
      Promise.resolve(call(performance.now() + limit)).then(settle(resolve), settle(reject));
    } catch (error) {
      settle(reject)(error);
    }
  });
}
