import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import {
  hashPassword,
  verifyNobody,
  verifyPassword,
} from '../../src/services/account/passwords.ts';
import { call, given, PASSWORD } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const STEP = 500;

/** The time, in ms, until a sign-in was refused. */
async function timeRefusal(login: string, password: string, expected: number): Promise<number> {
  const begun = performance.now();
  const { status } = await call('POST', '/v1/auth/login', { body: { login, password } });
  const elapsed = performance.now() - begun;
  expect(status, login).toBe(expected);
  return elapsed;
}

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
  await Promise.all(times(10, (n) => timeRefusal(eve.email, `guess ${n}`, 401)));
  const ways: [string, string, number][] = [
    [alice.email, 'a guess', 401],
    [alice.username, 'a guess', 401],
    [bob.email, PASSWORD, 401],
    [eve.email, PASSWORD, 429],
    ['nobody@example.com', 'a guess', 401],
    ['nobody', 'a guess', 401],
  ];
  const measured = ways.map((): number[] => []);
  for (let n = 0; n < 5; n++) {
    const round = await Promise.all(ways.map((way) => timeRefusal(...way)));
    for (const [n, ms] of round.entries()) measured[n]?.push(ms);
  }
  // They are answered at full steps; a busy machine delays some of them, hardly each.
  for (const [n, all] of measured.entries()) {
    const fastest = Math.min(...all);
    const step = Math.max(1, Math.round(fastest / STEP));
    expect(fastest, ways[n]?.[0]).toBeGreaterThanOrEqual(STEP * step - 2);
    expect(fastest, ways[n]?.[0]).toBeLessThan(STEP * step + 100);
  }
});
