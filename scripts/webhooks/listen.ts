import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../../src/local/settings.ts';
import { readState } from '../../src/local/stack/state.ts';
import { type Call, signIn, signUp } from '../demo/account.ts';
import { Problem } from '../demo/problem.ts';
import { say } from '../demo/terminal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How long a forwarded webhook is waited for, in ms: the backend waits for 15 s. */
const PATIENCE = 14_000;
const path = '/v1/webhook-endpoints';

interface Options {
  /** Where each webhook is sent on to, as it came. */
  forward?: string | undefined;
  /** Separated by commas. */
  events: string;
  email?: string | undefined;
}

/**
 * Makes an endpoint of the running backend that is this process, and prints what arrives. The endpoint is
 * deleted by `stop`. @throws Problem
 */
export async function listen(options: Options): Promise<{ stop(): Promise<void> }> {
  const { forward, events } = options;
  if (forward && !URL.canParse(forward)) throw new Problem(`${forward} is no URL.`);
  const api = findApi();
  const { email, call } = await enter(api, options);
  const server = createServer((request, response) => {
    receive(request, response, forward).catch((error: Error) => {
      say(`  ${error.message}`);
      response.writeHead(502).end(); // so it is sent again
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const endpoint = await subscribe(call, url, events).catch((error) => {
    server.close();
    throw error;
  });
  say(`Listening to ${events} of ${email} at ${api}; Ctrl-C ends it.`);
  say(`Signing secret: ${endpoint.signingSecret}`);
  return {
    async stop() {
      await call('DELETE', `${path}/${endpoint.id}`);
      server.closeAllConnections();
      server.close();
    },
  };
}

function findApi(): string {
  const api = process.env.API_URL || readState(readSettings(root, process.env, []).dir)?.api;
  if (!api) throw new Problem('No backend runs here. Start one: npm start.');
  return api.replace(/\/+$/, '');
}

async function enter(api: string, { email }: Options): Promise<{ email: string; call: Call }> {
  if (!email) {
    const signedUp = await signUp(api);
    const { accessToken, email: own } = signedUp;
    say(`Signed up as ${own}. A token for calls of its own, which ends after ten minutes:`);
    say(accessToken);
    return signedUp;
  }
  const password = process.env.PASSWORD;
  if (!password) throw new Problem('Put the password of the account into the variable PASSWORD.');
  return signIn(api, { email, password });
}

function subscribe(call: Call, url: string, events: string) {
  const description = 'npm run webhooks -- listen';
  const body = { url, description, events: events.split(',').map((name) => name.trim()) };
  return call<{ id: string; signingSecret: string }>('POST', path, body);
}

/** Prints a webhook, and sends it on with its headers; what is answered there is answered to the backend. */
async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  forward: string | undefined,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const { type, sequence, data } = JSON.parse(text) as Body; // the backend made it
  say(
    `${new Date().toLocaleTimeString()}  ${type}  ${data.id}  #${sequence}  ${data.status ?? ''}`,
  );
  const status = forward ? await sendOn(forward, request, text) : 204;
  if (forward) say(`  ${forward} answered ${status}`);
  response.writeHead(status).end();
}

interface Body {
  type: string;
  sequence: number;
  data: { id: string; status?: string };
}

async function sendOn(forward: string, request: IncomingMessage, text: string): Promise<number> {
  const names = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(forward, {
      ...{ method: 'POST', headers, body: text, signal, redirect: 'manual' },
    });
    await answer.body?.cancel();
    return answer.status;
  } catch (cause) {
    throw new Problem(`Nothing answers at ${forward}; it is sent again later.`, { cause });
  }
}
