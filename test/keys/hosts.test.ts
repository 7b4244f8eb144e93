import { vi } from 'vitest';

// As in the cloud: the data keys of encrypted fields do not depend on the app's secret.
const kms = await vi.hoisted(async () => (await import('../harness/kms.ts')).startKms());

import '../harness/place.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addKey,
  listKeys,
  OPENS_FOR,
  pruneKeys,
  ROTATED,
  type Rotated,
  type StoredKey,
} from '../../scripts/secrets/rotation.ts';
import { PASSWORD } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

type Secrets = Record<Rotated, StoredKey[]>;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const dir = mkdtempSync(join(tmpdir(), 'mixdown-hosts-'));
const began = Date.now();

interface Host {
  child: ChildProcess;
  url: string;
  /** From now on this host has these secrets, so many ms after the beginning. */
  has(secrets: Secrets, after: number): Promise<void>;
}

async function startHost(name: string): Promise<Host> {
  const file = join(dir, `${name}.json`);
  const save = (secrets: Secrets) => writeFileSync(file, JSON.stringify(secrets));
  save(secrets[0] as Secrets);
  const child = fork(fileURLToPath(new URL('./host.ts', import.meta.url)), {
    env: { ...process.env, SECRETS_FILE: file },
  });
  const [{ url }] = await once(child, 'message');
  const has = async (given: Secrets, after: number) => {
    save(given);
    child.send({ ahead: after });
    await once(child, 'message');
  };
  return { child, url, has };
}

const first: Secrets = {
  TOKEN_KEYS: JSON.parse(process.env.TOKEN_KEYS as string),
  APP_SECRET: listKeys(process.env.APP_SECRET),
};
const rotate = (old: Secrets, after: number) => each((of) => addKey(of, old[of], began + after));
const prune = (old: Secrets, after: number) =>
  each((of) => pruneKeys(old[of], began + after, OPENS_FOR[of]));

function each(make: (of: Rotated) => StoredKey[]): Secrets {
  return Object.fromEntries(ROTATED.map((of) => [of, make(of)])) as Secrets;
}

const added = rotate(first, 0);
/** The secrets as they are written one after the other. */
const secrets = [first, added, prune(added, 2 * 60 * MINUTE), prune(added, 32 * DAY)];

/** What two hosts have at the same time: when, and which secrets each has read last. */
const moments: [number, number, number][] = [
  [0, 0, 0],
  // The new keys are written: within five minutes both have read them.
  ...([
    [1, 1, 0],
    [1, 0, 1],
    [6, 1, 1],
    [14, 1, 1],
  ] as [number, number, number][]),
  // They sign. In an hour the former key is retired, in 31 days the former secret.
  ...([
    [16, 1, 1],
    [121, 2, 1],
    [121, 1, 2],
    [126, 2, 2],
  ] as [number, number, number][]),
  ...([
    [32 * 1440, 3, 2],
    [32 * 1440, 2, 3],
    [32 * 1440 + 5, 3, 3],
  ] as [number, number, number][]),
];

let hosts: Host[];
beforeAll(async () => {
  hosts = await Promise.all(['one', 'other'].map(startHost));
});
afterAll(() => {
  for (const { child } of hosts) child.disconnect();
  rmSync(dir, { recursive: true });
  kms.stop();
});

async function call(host: Host, method: string, path: string, more: object = {}) {
  const { token, body, headers } = more as { token?: string; body?: object; headers?: object };
  const response = await fetch(host.url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** All that one host signs and encrypts, for somebody new. */
async function sign(host: Host) {
  const username = `u${crypto.randomUUID().replaceAll('-', '').slice(-20)}`;
  const account = { email: `${username}@example.com`, username, password: PASSWORD };
  const { body: signedIn } = await call(host, 'POST', '/v1/auth/register', { body: account });
  const { accessToken: token, refreshToken = '' } = signedIn;
  const once = { token, body: { name: 'Once' }, headers: { 'idempotency-key': username } };
  const { body: made } = await call(host, 'POST', '/v1/projects', once);
  await call(host, 'POST', '/v1/projects', { token, body: { name: 'Another' } });
  const { body: page } = await call(host, 'GET', '/v1/projects?limit=1', { token });
  return { token, refreshToken, once, made, cursor: page.nextCursor ?? '' };
}

/** All that is refused by a host of what was signed by another. */
async function findRefused(host: Host, signed: Awaited<ReturnType<typeof sign>>) {
  const { token, refreshToken, once, made, cursor } = signed;
  const next = `/v1/projects?limit=1&cursor=${encodeURIComponent(cursor)}`;
  const answers = {
    token: (await call(host, 'GET', '/v1/users/me', { token })).status === 200,
    cursor: (await call(host, 'GET', next, { token })).status === 200,
    answer: (await call(host, 'POST', '/v1/projects', once)).body.id === made.id,
    refresh:
      (await call(host, 'POST', '/v1/auth/refresh', { body: { refreshToken } })).status === 200,
  };
  return Object.entries(answers).flatMap(([what, isOpen]) => (isOpen ? [] : what));
}

test('during a rotation each host accepts what another signs, whichever has read the secrets last', async () => {
  const [one, other] = hosts as [Host, Host];
  for (const [minutes, a, b] of moments) {
    const after = minutes * MINUTE;
    await one.has(secrets[a] as Secrets, after);
    await other.has(secrets[b] as Secrets, after);
    for (const [from, to] of [
      [one, other],
      [other, one],
      [one, one],
    ] as const) {
      expect(await findRefused(to, await sign(from)), `${minutes}: ${a} ${b}`).toEqual([]);
    }
  }
});

test('what was signed just before new keys are in use is accepted just after', async () => {
  const [one, other] = hosts as [Host, Host];
  for (const host of hosts) await host.has(added, 14 * MINUTE);
  const before = await Promise.all([one, other].map(sign));
  for (const host of hosts) await host.has(added, 16 * MINUTE);
  expect(await findRefused(other, before[0] as Awaited<ReturnType<typeof sign>>)).toEqual([]);
  expect(await findRefused(one, before[1] as Awaited<ReturnType<typeof sign>>)).toEqual([]);
});

test('a session outlives the rotation of the secret that signed its refresh token', async () => {
  const [one, other] = hosts as [Host, Host];
  for (const host of hosts) await host.has(added, 14 * MINUTE);
  const { refreshToken } = await sign(one);
  for (const host of hosts) await host.has(secrets[2] as Secrets, 29 * DAY);
  const body = { refreshToken };
  const { status } = await call(other, 'POST', '/v1/auth/refresh', { body });
  expect(status).toBe(200);
});
