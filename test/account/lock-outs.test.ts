import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { times } from '../harness/times.ts';

const login = (name: string, password: string, deviceToken?: string) =>
  call<{ deviceToken: string; refreshToken: string }>('POST', '/v1/auth/login', {
    body: { login: name, password, ...(deviceToken && { deviceToken }) },
  });
const lockOut = (name: string) => Promise.all(times(10, (n) => login(name, `guess ${n}`)));
const change = (person: Person, currentPassword: string, newPassword: string) =>
  person.post('/v1/auth/password', { currentPassword, newPassword });

describe('while strangers guess', () => {
  test('the owner who is signed in can change the password', async () => {
    const alice = await given.user();
    await withStoppedClock(async () => {
      await lockOut(alice.email);
      expect((await login(alice.email, PASSWORD)).status).toBe(429);
      expect((await change(alice, PASSWORD, 'a wholly new password')).status).toBe(204);
    });
  });

  test('a device that has signed in before signs in again, and others do not', async () => {
    const alice = await given.user();
    const bob = await given.user();
    const { deviceToken } = (await login(alice.email, PASSWORD)).body;
    const foreign = (await login(bob.email, PASSWORD)).body.deviceToken;
    await withStoppedClock(async () => {
      await lockOut(alice.email);
      const again = await login(alice.email, PASSWORD, deviceToken);
      expect(again).toMatchObject({ status: 200, body: { deviceToken } });
      for (const token of [foreign, `${deviceToken.slice(0, -2)}AA`, 'x'])
        expect((await login(alice.email, PASSWORD, token)).status, token).toBe(429);
    });
  });

  test('a device that guesses wrong is refused after its own ten tries', async () => {
    const alice = await given.user();
    const { deviceToken } = (await login(alice.email, PASSWORD)).body;
    await withStoppedClock(async () => {
      const wrong = await Promise.all(
        times(11, () => login(alice.email, 'wrong one', deviceToken)),
      );
      expect(wrong.map((a) => a.status).toSorted()).toEqual([...times(10, () => 401), 429]);
      expect((await login(alice.email, PASSWORD)).status).toBe(200);
    });
  });

  test('the tries that are left do not tell that an email and a username are one account', async () => {
    const alice = await given.user();
    await withStoppedClock(async () => {
      await lockOut(alice.email);
      expect((await login(alice.email, 'another guess')).status).toBe(429);
      expect((await login(alice.username, 'another guess')).status).toBe(401);
    });
  });
});

test('a lock-out of one account does not use up the tries of its address', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  await withStoppedClock(async () => {
    await lockOut(alice.email);
    const refused = await Promise.all(times(20, () => login(alice.email, PASSWORD)));
    expect(new Set(refused.map((a) => a.status))).toEqual(new Set([429]));
    const begun = performance.now();
    expect((await login(bob.email, PASSWORD)).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(9000); // it waited for nobody
  });
});

test('only signing in gives a device token: refreshing does not', async () => {
  const alice = await given.user();
  const { body } = await alice.refreshes();
  expect(body).not.toHaveProperty('deviceToken');
});

test('right sign-ins at once use no tries: all of 24 are let in', async () => {
  const alice = await given.user();
  const answers = await Promise.all(times(24, () => login(alice.email, PASSWORD)));
  expect(answers.map((a) => a.status)).toEqual(times(24, () => 200));
});
