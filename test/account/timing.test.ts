import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import {
  hashPassword,
  verifyNobody,
  verifyPassword,
} from '../../src/services/account/passwords.ts';
import { cpuTimeOf } from '../harness/cpu-time.ts';
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

const middle = (numbers: number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

test('the first guess of a process costs one hash, whether there is an account or not', async () => {
  const hashed = await hashPassword(PASSWORD);
  const nobody = await cpuTimeOf(() => verifyNobody('a guess'));
  const others: number[] = [];
  for (const guess of times(5, (n) => `guess ${n}`))
    others.push(await cpuTimeOf(() => verifyPassword(hashed, guess)));
  const somebody = middle(others);
  expect(await verifyNobody('')).toBe(false);
  // None would be nothing, and two would be twice as much.
  expect(nobody / somebody).toBeGreaterThan(0.4);
  expect(nobody / somebody).toBeLessThan(1.8);
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
