import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseForm } from './form.ts';
import { type Answered, createIdempotency, refuseRunning } from './idempotency.ts';
import { hasPage, press, showPage } from './page.ts';
import { answer } from './routes.ts';
import { expireSession } from './sessions.ts';
import { createState, FakeError, listObjects, makeId, readClock, type State } from './state.ts';
import { renewSubscriptions } from './subscriptions.ts';

/** What befalls the next calls that it is for. */
interface Fault {
  /** `POST /v1/refunds` */
  at: RegExp;
  /** A status that is answered instead; an error, or a connection that breaks, before or after the work is done. */
  does: 409 | 429 | 500 | 'ERRS_AFTER' | 'BREAKS_BEFORE' | 'BREAKS_AFTER';
  times?: number;
}

/** One call, as a second pair of eyes may look at it. */
export interface Seen {
  method: string;
  /** With its query. */
  path: string;
  body: string;
}

/** A stand-in for Stripe, while it runs. */
export interface FakeStripe {
  readonly url: string;
  readonly state: State;
  faults: Fault[];
  /** Told of each call; what it throws is answered as a refusal. */
  check?: (seen: Seen) => Promise<void>;
  /** Called when the work of a call is done, before it is answered. */
  beforeAnswer?: ((seen: Seen) => Promise<void>) | undefined;
  /** Moves the clock, and lets happen what time brings. */
  advance(seconds: number): void;
  stop(): Promise<void>;
}

/** Starts a stand-in for Stripe, with a page at `/pay/{session}` for test cards. */
export async function startFakeStripe({ port = 0 } = {}): Promise<FakeStripe> {
  const state = createState();
  const runOnce = createIdempotency();
  const fake: FakeStripe = {
    ...{ url: '', state, faults: [] },
    advance: (seconds) => {
      state.ahead += seconds;
      for (const { id, status, expires_at } of listObjects(state, 'checkout.session')) {
        if (status === 'open' && expires_at <= readClock(state)) expireSession(state, id);
      }
      renewSubscriptions(state);
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const body = await readAll(request);
    const { pathname, search } = new URL(url, 'http://localhost');
    const page = /^\/pay\/(\w+)$/.exec(pathname)?.[1];
    if (page) return servePage(page, method, body, response);
    const fault = takeFault(`${method} ${pathname}`);
    if (fault?.does === 'BREAKS_BEFORE') return void request.socket.destroy();
    const key = headers['idempotency-key'] as string | undefined;
    const answered = await handle(method, pathname + search, body, key, fault).catch(refuse);
    await fake.beforeAnswer?.({ method, path: pathname, body });
    if (fault?.does === 'BREAKS_AFTER') return void request.socket.destroy();
    response.writeHead(answered.status, {
      'content-type': 'application/json',
      'request-id': makeId('req'),
      ...(answered.replayed && { 'idempotent-replayed': 'true' }),
    });
    response.end(answered.text);
  }

  async function handle(
    method: string,
    path: string,
    body: string,
    key: string | undefined,
    fault: Fault | undefined,
  ): Promise<Answered> {
    if (fault?.does === 429) {
      throw new FakeError(429, { type: 'invalid_request_error', message: 'Too many requests' });
    }
    if (fault?.does === 409) throw refuseRunning();
    await fake.check?.({ method, path, body });
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    const params = parseForm(method === 'GET' ? searchParams.toString() : body);
    return runOnce(method === 'POST' ? key : undefined, `${path}\n${body}`, async () => {
      const failed = new FakeError(500, { type: 'api_error', message: 'Something went wrong.' });
      if (fault?.does === 500) return refuse(failed);
      state.idempotencyKey = key ?? null;
      try {
        const found = answer(state, { method, path: pathname, params });
        if (fault?.does === 'ERRS_AFTER') return refuse(failed);
        return { status: 200, text: JSON.stringify(found) };
      } catch (error) {
        return refuse(error);
      }
    });
  }

  function takeFault(call: string): Fault | undefined {
    const found = fake.faults.find(({ at, times = 1 }) => times > 0 && at.test(call));
    if (found) found.times = (found.times ?? 1) - 1;
    return found;
  }

  function servePage(id: string, method: string, body: string, response: ServerResponse): void {
    if (!hasPage(state, id)) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      return void response.end('There is no such page: the stand-in forgets all when it ends.\n');
    }
    const note = method === 'POST' ? press(state, id, new URLSearchParams(body)) : '';
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(showPage(state, id, note));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  state.page = `http://127.0.0.1:${bound}`;
  return Object.assign(fake, { url: state.page });
}

function refuse(error: unknown): Answered {
  if (!(error instanceof FakeError)) throw error;
  return { status: error.status, text: JSON.stringify({ error: error.body }) };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
