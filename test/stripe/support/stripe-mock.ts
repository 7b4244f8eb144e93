import { type ChildProcess, spawn } from 'node:child_process';
import { toStderr } from '../../../src/local/log.ts';
import { findFreePort } from '../../../src/local/process/ports.ts';
import { fetchOnce, findCached } from '../../../src/local/tools/cache.ts';
import { buildGo } from '../../../src/local/tools/go.ts';
import type { Seen } from '../../fakes/stripe/fake.ts';
import { FakeError } from '../../fakes/stripe/state.ts';
import { until } from '../../harness/until.ts';

const NAME = 'stripe-mock';
const VERSION = 'v0.203.0';
const MODULE = `github.com/stripe/${NAME}@${VERSION}`;

/** Stripe's own description of its API, which refuses parameters that it does not know. */
export interface StripeMock {
  /** What it was asked, each kind of call once. */
  readonly calls: Set<string>;
  /** Asks it the same. @throws FakeError with what it refuses */
  check(seen: Seen): Promise<void>;
  stop(): void;
}

/** Starts stripe-mock, which is built once by Go 1.26. */
export async function startStripeMock(): Promise<StripeMock> {
  const binary =
    (await findCached(NAME, VERSION)) ?? (await fetchOnce(NAME, VERSION, toStderr, build));
  const [http, https] = [await findFreePort(), await findFreePort()];
  const url = `http://127.0.0.1:${http}`;
  // Without an address for HTTPS it would listen on all of the machine's.
  const addresses = ['-http-addr', `127.0.0.1:${http}`, '-https-addr', `127.0.0.1:${https}`];
  const child: ChildProcess = spawn(binary, addresses, { stdio: 'ignore' });
  const calls = new Set<string>();
  const ask = (method: string, path: string, body?: string) =>
    fetch(url + path, {
      method,
      headers: {
        authorization: 'Bearer sk_test_123',
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(body && { body }),
    });
  await until('stripe-mock answers', async () => {
    const answer = await ask('GET', '/v1/customers').catch(() => undefined);
    return answer?.ok;
  });
  return {
    calls,
    check: async ({ method, path, body }) => {
      calls.add(
        `${method} ${path.replace(/\?.*/, '').replace(/\/[a-z_]+_[0-9a-f]{24}/g, '/{id}')}`,
      );
      const answer = await ask(method, path, body);
      if (answer.ok) return;
      const text = await answer.text();
      throw new FakeError(400, {
        ...{ type: 'invalid_request_error', code: 'stripe_mock' },
        message: `stripe-mock refuses ${method} ${path}: ${text}`,
      });
    },
    stop: () => void child.kill(),
  };
}

function build(folder: string): Promise<string> {
  return buildGo(NAME, MODULE, folder);
}
