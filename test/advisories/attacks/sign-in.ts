import '../support/seen.ts';
import { expect } from 'vitest';
import { config } from '../../../src/config.ts';
import { UUID } from '../../../src/data/ids.ts';
import { Session } from '../../../src/models/account/session.ts';
import { readNetwork } from '../../../src/services/account/rate-limit.ts';
import { cpuTimeOf } from '../../harness/cpu-time.ts';
import { type Answer, call, given, PASSWORD } from '../../harness/given.ts';
import { withStoppedClock } from '../../harness/stopped-clock.ts';
import { invokeHttp } from '../support/events.ts';
import type { Json, Scale } from '../support/world.ts';

interface Pair extends Json {
  accessToken: string;
  refreshToken: string;
}

/**
 * A refresh token used 64 times at once is spent once. All others are its second use: as auth.ts says,
 * theft or a lost answer, so that the whole family ends, the new pair too.
 */
export async function oneRefresh({ full = false }: Scale = {}): Promise<void> {
  for (let round = 0; round < (full ? 50 : 2); round++) {
    const alice = await given.user();
    const body = { refreshToken: alice.refreshToken };
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => call<Pair>('POST', '/v1/auth/refresh', { body })),
    );
    const good = answers.filter((a) => a.status === 200);
    expect(good).toHaveLength(1);
    const refused = answers.filter((a) => a.status === 401);
    expect(refused).toHaveLength(63);
    expect(new Set(refused.map((a) => a.body.code))).toEqual(new Set(['INVALID_REFRESH_TOKEN']));
    const next = { refreshToken: good[0]?.body.refreshToken };
    expect((await call('POST', '/v1/auth/refresh', { body: next })).status).toBe(401);
    expect(await Session.collection.countDocuments({ user: new UUID(alice.id) })).toBe(0);
  }
}

/** With one key all 64 get the one new pair, or are told to wait: a client that retries is no thief. */
export async function oneRefreshPerKey(): Promise<void> {
  const alice = await given.user();
  const body = { refreshToken: alice.refreshToken };
  const headers = { 'idempotency-key': `retry-${alice.id}` };
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => call<Pair>('POST', '/v1/auth/refresh', { body, headers })),
  );
  const good = answers.filter((a) => a.status === 200);
  expect(new Set(good.map((a) => a.body.refreshToken)).size).toBe(1);
  expect(answers.every((a) => a.status === 200 || a.status === 409)).toBe(true);
  const next = { refreshToken: good[0]?.body.refreshToken };
  expect((await call('POST', '/v1/auth/refresh', { body: next })).status).toBe(200);
}

/** Two changes of a password at once: one wins, and neither leaves the account half changed. */
export async function onePasswordChange(): Promise<void> {
  const alice = await given.user();
  const wanted = ['first new password', 'second new password', 'third new password'];
  const answers = await Promise.all(
    wanted.map((newPassword) =>
      alice.post('/v1/auth/password', { currentPassword: PASSWORD, newPassword }),
    ),
  );
  expect(answers.filter((a) => a.status === 204)).toHaveLength(1);
  const winner = wanted[answers.findIndex((a) => a.status === 204)];
  const body = { login: alice.email, password: winner };
  expect((await call('POST', '/v1/auth/login', { body })).status).toBe(200);
}

const login = (name: string, password: string, headers: Record<string, string> = {}) =>
  call<Json>('POST', '/v1/auth/login', { body: { login: name, password }, headers });

function shape({ status, body, headers }: Answer<Json>): string {
  const { instance: _, ...rest } = body;
  const own = ['date', 'x-request-id', 'apigw-requestid'];
  const kept = [...headers].filter(([name]) => !own.includes(name));
  return JSON.stringify([status, rest, kept]);
}

/** Whoever is not let in is told the same, whatever was wrong. */
export async function sameReply(): Promise<void> {
  const alice = await given.user();
  const admin = await given.admin();
  const suspended = await given.user();
  await admin.patch(`/v1/users/${suspended.id}`, { isActive: false });
  const replies = [
    await login(alice.email, 'a wrong password'),
    await login(alice.username, 'a wrong password'),
    await login('nobody-at-all@example.com', PASSWORD),
    await login('nobody.at.all', PASSWORD),
    await login(suspended.email, PASSWORD),
    await login(suspended.email, 'a wrong password'),
    await login('not even a name \u0000', 'x'),
  ];
  expect(new Set(replies.map(shape)).size).toBe(1);
  expect(replies[0]?.status).toBe(401);
  // What mail would tell, the answer does not.
  const reset = (email: string) =>
    call<Json>('POST', '/v1/auth/password-reset', { body: { email } });
  expect(shape(await reset(alice.email))).toBe(shape(await reset('nobody-at-all@example.com')));
}

/**
 * Nor does the time tell: wrong passwords and unknown names, by turns. Beside other tests it is the CPU time
 * that is compared, which is nearly all that a password takes.
 */
export async function sameTime({ full = false }: Scale = {}): Promise<string> {
  const rounds = full ? 400 : 12;
  const known: number[] = [];
  const unknown: number[] = [];
  const timed = async (into: number[], name: string) => {
    // From ever other addresses: ten wrong tries are the most for one account.
    const ip = `2001:db8:${into === known ? 1 : 2}:${into.length.toString(16)}::1`;
    const body = JSON.stringify({ login: name, password: 'a wrong password' });
    const work = async () => {
      const { statusCode } = await invokeHttp('POST', '/v1/auth/login', { body, ip });
      expect(statusCode).toBe(401);
    };
    into.push(await (full ? timeOf : cpuTimeOf)(work));
  };
  await login('warm@example.com', 'a wrong password');
  for (let n = 0, alice = await given.user(); n < rounds; n++) {
    if (n % 9 === 8) alice = await given.user();
    await timed(known, alice.email);
    await timed(unknown, `nobody-${n}@example.com`);
  }
  const median = (of: number[]) => [...of].sort((a, b) => a - b)[of.length >> 1] as number;
  const [a, b] = [median(known), median(unknown)];
  const told = `known ${a.toFixed(1)} ms, unknown ${b.toFixed(1)} ms, ${rounds} each`;
  expect(Math.abs(a - b), told).toBeLessThan(full ? 5 : 40);
  expect(b, told).toBeGreaterThan(a / 2);
  return told;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const FORGED_ADDRESSES = (n: number) => ({
  'x-forwarded-for': `198.51.100.${n}`,
  forwarded: `for=198.51.100.${n}`,
  'x-real-ip': `198.51.100.${n}`,
  'true-client-ip': `198.51.100.${n}`,
  'cf-connecting-ip': `198.51.100.${n}`,
  'x-client-ip': `198.51.100.${n}`,
  'x-original-forwarded-for': `198.51.100.${n}`,
});

/** Ways to write an email or a username that the database takes for the same. */
export async function oneAccountOneLimit(): Promise<void> {
  const { email, username: name } = await given.user();
  const wide = [...name]
    .map((c) => String.fromCodePoint((c.codePointAt(0) as number) + 0xfee0))
    .join('');
  const [local, domain] = email.split('@');
  await oneLimit([
    email,
    email.toUpperCase(),
    ` ${email} `,
    `${local}@\uff45xample.com`,
    `${local}\uff20${domain}`,
  ]);
  await oneLimit([
    name,
    name.toUpperCase(),
    `${name[0]?.toUpperCase()}${name.slice(1)}`,
    wide,
    `${name.slice(0, 3)}\u00ad${name.slice(3)}`,
    `${name.slice(0, 4)}\u200b${name.slice(4)}`,
    `\u200d${name}\ufeff`,
  ]);
}

async function oneLimit(names: string[]): Promise<void> {
  await withStoppedClock(async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) {
      const headers = FORGED_ADDRESSES(n);
      const { status } = await login(names[n % names.length] as string, `wrong ${n}`, headers);
      statuses.push(status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    // The right password is not let in either, under any of its names.
    const right = await login(names[1] as string, PASSWORD, FORGED_ADDRESSES(99));
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  });
}

/** 64 guesses at once are ten. */
export async function guessesAtOnce({ full = false }: Scale = {}): Promise<void> {
  const alice = await given.user();
  const all = await withStoppedClock(() =>
    Promise.all(
      Array.from({ length: full ? 1000 : 64 }, (_, n) =>
        invokeHttp('POST', '/v1/auth/login', {
          body: JSON.stringify({ login: alice.email, password: `guess ${n}` }),
          ip: `2001:db8:9:${n.toString(16)}::1`,
        }),
      ),
    ),
  );
  expect(all.filter((a) => a.statusCode === 401).length).toBeLessThanOrEqual(10);
  expect(all.every((a) => a.statusCode === 401 || a.statusCode === 429)).toBe(true);
}

/** A subscriber's whole /64 is one address; another's is another, whatever headers say. */
export async function oneNetworkOneLimit(): Promise<void> {
  const limit = config.registrationsPerMinute;
  // Refused as too common after it was counted, and before it costs a hash.
  const register = (n: number, ip: string) =>
    invokeHttp('POST', '/v1/auth/register', {
      body: JSON.stringify({
        email: `x${n}@example.com`,
        username: `user${n}`,
        password: 'password',
      }),
      headers: FORGED_ADDRESSES(n % 250),
      ip,
    });
  await withStoppedClock(async () => {
    for (let tries = 0; tries <= limit; tries++) {
      const last = (tries * 2654435761) % 2 ** 32;
      const host = `${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}`;
      const { statusCode } = await register(tries, `2001:db8:7:7:${host}:0:${tries.toString(16)}`);
      expect(statusCode).toBe(tries < limit ? 422 : 429);
    }
    expect((await register(0, '2001:db8:7:8::1')).statusCode).toBe(422);
  });
  expect(readNetwork('2001:db8:0:0:1::')).toBe(readNetwork('2001:db8::1'));
  expect(readNetwork('2001:db8::1')).not.toBe(readNetwork('2001:db8:0:1::1'));
}
