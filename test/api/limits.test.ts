import '../harness/place.ts';
import { expect, test } from 'vitest';
import { countCall } from '../../src/api/http/ip-rate-limit.ts';
import { config, readConfig } from '../../src/config.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { passTime, withClockAhead } from '../harness/clocks.ts';

const from = (ip: string): Ctx => ({ ...systemCtx('test'), ip });
const limited = (retryAfter: number) =>
  expect.objectContaining({ code: 'RATE_LIMITED', retryAfter });

function spendCalls(ip: string): void {
  for (let n = 0; n < config.callsPerMinute; n++) countCall(from(ip));
}

test('each address has its own number of calls a minute, and all of them again in the next minute', () => {
  spendCalls('192.0.2.1');
  passTime(59_000);
  expect(() => countCall(from('192.0.2.1'))).toThrow(limited(1));
  expect(() => countCall(from('192.0.2.2'))).not.toThrow();
  passTime(1_000);
  expect(() => countCall(from('192.0.2.1'))).not.toThrow();
});

test('an address that had its calls while the clock was a year ahead, or behind, has them again', async () => {
  const YEAR = 365 * 24 * 3600 * 1000;
  for (const [ip, ahead] of [
    ['192.0.2.3', YEAR],
    ['192.0.2.4', -YEAR],
  ] as const) {
    await withClockAhead(ahead, async () => {
      spendCalls(ip);
      expect(() => countCall(from(ip))).toThrow(limited(60));
    });
    passTime(60_000);
    expect(() => countCall(from(ip))).not.toThrow();
  }
});

test('a wrong configuration is refused with the names of all variables at fault', () => {
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
