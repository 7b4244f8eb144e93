import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { User } from '../../src/models/account/user.ts';
import { createTicket } from '../../src/services/news/tickets.ts';
import { adminCollection } from '../harness/admin.ts';
import { expectAllTold } from '../harness/news-kills.ts';
import { place } from '../harness/place.ts';
import { startStreamServer } from '../harness/stream-server.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const MB = 1e6;
const MINUTES_10 = 600_000;

test(
  '200 clients, the server killed 10 times: each is told each change of state once and in order',
  async () => {
    await expectAllTold({ users: 20, clients: 10, kills: 10, jobs: 3 });
  },
  MINUTES_10,
);

/** The URLs of streams for so many users, each with a session of his own. */
async function makeUrls(server: string, count: number): Promise<string[]> {
  const ctx = systemCtx('test');
  const now = new Date();
  const common = { createdAt: now, updatedAt: now, version: 1, credentialsVersion: 1 };
  const users = times(count, () => ({ _id: newId(Date.now()), isActive: true, ...common }));
  const expiresAt = new Date(Date.now() + 3600_000);
  const sessions = users.map(({ _id: user }) => ({
    ...{ _id: newId(Date.now()), user, expiresAt },
    ...common,
    refreshTokenHash: newId(Date.now()).toString(),
  }));
  const unlike = users.map((user) => ({ ...user, email: `${user._id}`, username: `${user._id}` }));
  const past = { bypassDocumentValidation: true };
  await adminCollection(User).insertMany(unlike as never, past);
  await adminCollection(Session).insertMany(sessions as never, past);
  return sessions.map(({ _id: session, user }) => {
    const { text } = createTicket(ctx, { user, session, place: 0 });
    return `${server}/lambda-url/eventStream/?ticket=${text}`;
  });
}

function readMemory(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return 1024 * Number(kib);
}

/** Those that were sent a heartbeat. */
const heard = new Set<IncomingMessage>();

async function open(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.on('data', (text) => {
    if (String(text).includes(': heartbeat')) heard.add(response);
  });
  return response;
}

test(
  '1,000 listeners, each of another user, take at most 150 MB of one host',
  async () => {
    const server = await startStreamServer();
    const urls = await makeUrls(server.url(), 1050);
    // What the first ones load is not theirs.
    for (const url of urls.splice(0, 50)) (await open(url)).destroy();
    const before = readMemory(server.pid());
    const responses: IncomingMessage[] = [];
    while (urls.length > 0) {
      responses.push(...(await Promise.all(urls.splice(0, 20).map(open))));
    }
    let most = 0;
    const end = Date.now() + 20_000;
    await until('they have listened for a while', () => {
      most = Math.max(most, readMemory(server.pid()) - before);
      return Date.now() > end;
    });
    console.log(`1,000 listeners: ${Math.round(most / MB)} MB`);
    expect(responses.every((response) => !response.destroyed)).toBe(true);
    await until('each has a heartbeat', () => responses.every((response) => heard.has(response)));
    expect(most).toBeLessThan(150 * MB);
    for (const response of responses) response.destroy();
    await server.stop();
  },
  MINUTES_10,
);
