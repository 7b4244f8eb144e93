import '../harness/place.ts';
import { expect, test } from 'vitest';
import { countCall } from '../../src/api/http/limits.ts';
import { config, readConfig } from '../../src/config.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { readNetwork, takeTry } from '../../src/services/account/rate-limit.ts';
import { times } from '../harness/times.ts';

const at = (time: number, ip = '192.0.2.1'): Ctx => ({
  ...systemCtx('test'),
  ip,
  clock: () => time,
});

test('an address has so many calls a minute, another its own, and all again in the next', () => {
  const start = Date.now();
  for (let n = 0; n < config.callsPerMinute; n++) countCall(at(start));
  expect(() => countCall(at(start + 59_000))).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED', retryAfter: 1 }),
  );
  expect(() => countCall(at(start, '192.0.2.2'))).not.toThrow();
  expect(() => countCall(at(start + 60_000))).not.toThrow();
});

test('of tries at once no more than the limit pass, and one given back can be taken again', async () => {
  const window = 60_000;
  const now = Math.floor(Date.now() / window) * window;
  const take = (time: number) => takeTry(at(time), 'test', 'key', 5, window);
  const taken = await Promise.allSettled(times(64, () => take(now)));
  const passed = taken.filter((t) => t.status === 'fulfilled');
  expect(passed).toHaveLength(5);
  await expect(take(now + 59_999)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 1 });
  await expect(takeTry(at(now), 'test', 'other key', 5, window)).resolves.toBeTypeOf('function');
  await expect(take(now + window)).resolves.toBeTypeOf('function');
});

test('an IPv6 subscriber is one, whatever of their /64 they call from', () => {
  const one = readNetwork('2001:db8:0:1::1');
  expect(readNetwork('2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(one);
  expect(readNetwork('2001:db8:0:2::1')).not.toBe(one);
  expect(readNetwork('::ffff:192.0.2.1')).not.toBe(readNetwork('::ffff:192.0.2.2'));
  expect(readNetwork('::1')).not.toBe(readNetwork('2001::1'));
});

test('what is wrong with the configuration is said all at once, by the name of the variable', () => {
  const env = { ...process.env, MONGODB_URI: 'http://x', TOKEN_KEYS: '[', APP_SECRET: 'short' };
  const broken = { ...env, CALLS_PER_MINUTE: '0', MEDIA_BUCKET: undefined };
  for (const name of [
    'MONGODB_URI',
    'TOKEN_KEYS',
    'APP_SECRET',
    'CALLS_PER_MINUTE',
    'MEDIA_BUCKET',
  ]) {
    expect(() => readConfig(broken)).toThrow(name);
  }
  const set = { ...process.env, REGISTRATIONS_PER_MINUTE: '3', CALLS_PER_MINUTE: '4' };
  expect(readConfig(set)).toMatchObject({ registrationsPerMinute: 3, callsPerMinute: 4 });
});
