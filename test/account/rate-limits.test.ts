import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.REGISTRATIONS_PER_MINUTE = '7';
});

import '../harness/place.ts';
import { expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { readNetwork, takeTry } from '../../src/services/account/rate-limit.ts';
import { withClockAhead } from '../harness/clocks.ts';
import { call, given, PASSWORD } from '../harness/given.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { times } from '../harness/times.ts';

const login = (name: string, password: string) =>
  call('POST', '/v1/auth/login', { body: { login: name, password } });

test('after ten wrong passwords a username is refused for a while, however it is written', async () => {
  const alice = await given.user();
  // The database ignores a soft hyphen and the case: all of these are Alice's.
  const { username } = alice;
  const names = [username, username.toUpperCase(), `${username}\u00ad`, `\u00ad${username}`];
  await withStoppedClock(async () => {
    for (let n = 0; n < 10; n++) {
      const answer = await login(names[n % names.length] as string, `guess ${n}`);
      expect(answer.status).toBe(401);
    }
    for (const name of [...names, `${username}\u00ad\u00ad`]) {
      const closed = await login(name, PASSWORD);
      expect(closed).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
      const seconds = Number(closed.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(900);
    }
  });
  // Whoever is signed in stays so, and others are not locked out with her.
  expect((await alice.get('/v1/users/me')).status).toBe(200);
  const bob = await given.user();
  expect((await login(bob.email, PASSWORD)).status).toBe(200);
});

test('the tries of a name that nobody has are counted as those of any other, however it is written', async () => {
  const names = ['nobody.here', 'NOBODY.here', 'nobody.\u00adhere', 'ｎobody.here'];
  await withStoppedClock(async () => {
    for (let n = 0; n < 10; n++) {
      expect((await login(names[n % names.length] as string, `guess ${n}`)).status).toBe(401);
    }
    for (const name of names) expect((await login(name, 'a guess')).status, name).toBe(429);
  });
});

test('of 64 wrong guesses at once at most ten are checked', async () => {
  const alice = await given.user();
  const answers = await Promise.all(times(64, (n) => login(alice.email, `guess ${n}`)));
  const looked = answers.filter((a) => a.status === 401);
  expect(looked.length).toBeLessThanOrEqual(10);
  expect(answers.filter((a) => a.status === 429)).toHaveLength(64 - looked.length);
});

test('registrations from one address are limited to the configured number a minute', async () => {
  const register = (n: number) => {
    const username = `limited-${n}`;
    const body = { email: `${username}@example.com`, username, password: PASSWORD };
    return call('POST', '/v1/auth/register', { body });
  };
  const answers = await withStoppedClock(() => Promise.all(times(20, register)));
  const refused = answers.filter((a) => a.status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(20 - 7);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answers.filter((a) => a.status === 201)).toHaveLength(20 - refused.length);
});

const later = (ms: number): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });

test('of tries at once no more than the limit pass, and the next window allows as many again', async () => {
  const window = 900_000;
  const take = (ms: number) => takeTry(later(ms), 'test', 'key', { most: 5, windowMs: window });
  const taken = await Promise.allSettled(times(64, () => take(0)));
  const passed = taken.filter((t) => t.status === 'fulfilled');
  expect(passed).toHaveLength(5);
  const refused = await take(600_000).catch((error) => error);
  expect(refused.code).toBe('RATE_LIMITED');
  expect(refused.retryAfter).toBeGreaterThan(200);
  expect(refused.retryAfter).toBeLessThanOrEqual(300);
  const other = takeTry(later(0), 'test', 'other key', { most: 5, windowMs: window });
  await expect(other).resolves.toBeDefined();
  await expect(take(window)).resolves.toBeDefined();
});

test('a host whose clock is an hour ahead, or behind, counts tries into the same window', async () => {
  const take = () =>
    takeTry(systemCtx('test'), 'test', 'many hosts', { most: 3, windowMs: 60_000 });
  await take();
  for (const ahead of [3_600_000, -3_600_000]) await withClockAhead(ahead, take);
  await expect(take()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});

test('a try that is taken back after its window ended is not taken from the next', async () => {
  const take = (ms: number) =>
    takeTry(later(ms), 'test', 'taken back', { most: 1, windowMs: 60_000 });
  const before = await take(0);
  await take(60_000);
  await before.giveBack();
  await expect(take(60_000)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});

test('all addresses of an IPv6 /64 count as one', () => {
  const one = readNetwork('2001:db8:0:1::1');
  expect(readNetwork('2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(one);
  expect(readNetwork('2001:db8:0:2::1')).not.toBe(one);
  expect(readNetwork('::ffff:192.0.2.1')).not.toBe(readNetwork('::ffff:192.0.2.2'));
  expect(readNetwork('::1')).not.toBe(readNetwork('2001::1'));
});
