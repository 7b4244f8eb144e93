import '../advisories/support/setup.ts';
import '../harness/place.ts';
import { expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { takeTry } from '../../src/services/account/rate-limit.ts';
import { invokeHttp } from '../advisories/support/events.ts';
import { given, PASSWORD } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

/** Signs in from an address. Returns the status, and the device token if there is one. */
async function login(ip: string, body: Record<string, string | undefined>) {
  const given = { ip, body: JSON.stringify(body) };
  const answer = await invokeHttp('POST', '/v1/auth/login', given);
  const { deviceToken } = JSON.parse(answer.body ?? '{}') as { deviceToken?: string };
  return { status: answer.statusCode, deviceToken };
}

test('all devices of an account have 50 tries together, whatever strangers have', async () => {
  const alice = await given.user();
  const enters = (ip: string, password: string, deviceToken?: string) =>
    login(ip, { login: alice.email, password, deviceToken });
  const devices = await Promise.all(times(6, () => enters('192.0.2.1', PASSWORD)));
  await withStoppedClock(async () => {
    const tokens = devices.map(({ deviceToken }) => deviceToken);
    const last = tokens.pop();
    for (const token of tokens) {
      const wrong = await Promise.all(times(10, () => enters('192.0.2.1', 'a guess', token)));
      expect(new Set(wrong.map(({ status }) => status))).toEqual(new Set([401]));
    }
    expect((await enters('192.0.2.1', PASSWORD, last)).status).toBe(429);
    expect((await enters('192.0.2.2', PASSWORD)).status).toBe(200);
  });
});

test('an address has 100 tries, whatever accounts they are for, and a known device goes on', async () => {
  const [alice, ip] = [await given.user(), '192.0.2.3'];
  const name = { login: alice.email, password: PASSWORD };
  const { deviceToken } = await login(ip, name);
  await withStoppedClock(async () => {
    for (let n = 0; n < 100; n += 10) {
      const guess = (i: number) => ({ login: `nobody-${n + i}`, password: 'a guess' });
      const wrong = await Promise.all(times(10, (i) => login(ip, guess(i))));
      expect(new Set(wrong.map(({ status }) => status))).toEqual(new Set([401]));
    }
    expect((await login(ip, name)).status).toBe(429);
    expect((await login('192.0.2.4', name)).status).toBe(200);
    expect((await login(ip, { ...name, deviceToken })).status).toBe(200);
  });
});

test('a try whose process was killed counts for 35 s, and one that has failed for its window', async () => {
  const began = Date.now();
  const take = (ms: number) => {
    const ctx: Ctx = { ...systemCtx('test'), clock: () => began + ms };
    return takeTry(ctx, 'test', 'killed', { most: 2, windowMs: 900_000, settled: true });
  };
  const limited = { code: 'RATE_LIMITED' };
  await take(0).then((failed) => failed.fail());
  await take(0); // and nobody says how it ends
  await expect(take(33_000)).rejects.toMatchObject(limited);
  await take(36_000).then((failed) => failed.fail());
  await expect(take(80_000)).rejects.toMatchObject(limited);
});
