import { randomUUID } from 'node:crypto';
import type { DeployedFunction } from '../deployment/types.ts';
import { lambdaContext } from './context.ts';
import type { Handler, Load } from './handler.ts';

/** Calls one function as Lambda does; rejects with what it throws, or `TimedOut`. */
export type Invoker = {
  (event: unknown, requestId?: string): Promise<unknown>;
  /** Imports the handler ahead of the first call. */
  warm(): Promise<void>;
};

/** The function was still running when its time was up. Its answer, if any, is dropped. */
export class TimedOut extends Error {
  override name = 'TimedOut';
}

/** Makes the caller of one function; `cap` bounds its time further, in ms. */
export function invoker(fn: DeployedFunction, load: Load, cap = Number.POSITIVE_INFINITY): Invoker {
  const limit = Math.min(fn.timeout * 1000, cap);
  let handler: Handler | undefined;
  let loading: Promise<Handler> | undefined;

  async function warm(): Promise<Handler> {
    loading ??= load(fn);
    try {
      handler = await loading;
      return handler;
    } finally {
      loading = undefined; // a failure is tried again by the next call
    }
  }

  async function invoke(event: unknown, requestId: string = randomUUID()): Promise<unknown> {
    const ready = handler ?? (await warm());
    return withDeadline(fn.name, limit, (deadline) =>
      ready(event, lambdaContext(fn, requestId, deadline)),
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
      Promise.resolve(call(Date.now() + limit)).then(settle(resolve), settle(reject));
    } catch (error) {
      settle(reject)(error);
    }
  });
}
