import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { login } from '../../src/services/account/login.ts';
import {
  hashPassword,
  verifyNobody,
  verifyPassword,
} from '../../src/services/account/passwords.ts';
import { call, given, PASSWORD } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const STEP = 500;

/** Until when a sign-in was last told to wait, by `performance.now()`. */
const waits = vi.hoisted(() => ({ until: 0 }));

vi.mock('node:timers/promises', async (actual) => {
  const timers = await actual<typeof import('node:timers/promises')>();
  const setTimeout = (ms: number, ...rest: []) => {
    if (new Error().stack?.includes('/login.ts')) waits.until = performance.now() + ms;
    return timers.setTimeout(ms, ...rest);
  };
  return { ...timers, setTimeout };
});

/** What was asked of the library of hashes: `hash`, or `verify` with the settings of the hash it was given. */
const hashings = vi.hoisted((): string[] => []);

vi.mock('@node-rs/argon2', async (actual) => {
  const argon2 = await actual<typeof import('@node-rs/argon2')>();
  return {
    ...argon2,
    hash: (...given: Parameters<typeof argon2.hash>) => {
      hashings.push('hash');
      return argon2.hash(...given);
    },
    verify: (...given: Parameters<typeof argon2.verify>) => {
      hashings.push(`verify ${String(given[0]).split('$', 4).join('$')}`);
      return argon2.verify(...given);
    },
  };
});

test('the first guess of a process costs one hash, whether there is an account or not', async () => {
  const hashed = await hashPassword(PASSWORD);
  hashings.length = 0;
  expect(await verifyNobody('a guess')).toBe(false);
  const ofNobody = hashings.splice(0);
  expect(await verifyPassword(hashed, 'a guess')).toBe(false);
  const ofSomebody = hashings.splice(0);
  expect(ofNobody).toEqual(['verify $argon2id$v=19$m=47104,t=1,p=1']);
  expect(ofNobody).toEqual(ofSomebody);
  expect(await verifyNobody('')).toBe(false);
});

test('the time of a refusal does not tell an account from nobody, an account that is suspended, or one that is locked', async () => {
  const [alice, bob, eve] = await Promise.all([given.user(), given.user(), given.user()]);
  await User.collection.updateOne({ _id: new UUID(bob.id) }, { $set: { isActive: false } });
  const guess = (n: number) => ({ body: { login: eve.email, password: `guess ${n}` } });
  await Promise.all(times(10, (n) => call('POST', '/v1/auth/login', guess(n))));
  const ways: [string, string, string][] = [
    [alice.email, 'a guess', 'INVALID_CREDENTIALS'],
    [alice.username, 'a guess', 'INVALID_CREDENTIALS'],
    [bob.email, PASSWORD, 'INVALID_CREDENTIALS'],
    [eve.email, PASSWORD, 'RATE_LIMITED'],
    ['nobody@example.com', 'a guess', 'INVALID_CREDENTIALS'],
    ['nobody', 'a guess', 'INVALID_CREDENTIALS'],
  ];
  for (const [name, password, code] of ways) {
    const begun = performance.now();
    await expect(login(systemCtx('test'), { login: name, password })).rejects.toHaveProperty(
      'code',
      code,
    );
    const answered = performance.now() - begun;
    // What a busy machine delays, the work before and the answer after, is not in these: each is to wait
    // until a full step after it began, and does.
    const asked = waits.until - begun;
    expect(asked % STEP, `${name} ${asked}`).toBeLessThan(50);
    expect(asked, name).toBeGreaterThanOrEqual(STEP - 1);
    expect(answered, name).toBeGreaterThan(asked - 2);
  }
});
