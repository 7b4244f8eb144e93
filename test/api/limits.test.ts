import '../harness/place.ts';
import { expect, test } from 'vitest';
import { countCall } from '../../src/api/http/ip-rate-limit.ts';
import { config, readConfig } from '../../src/config.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';

const at = (time: number, ip = '192.0.2.1'): Ctx => ({
  ...systemCtx('test'),
  ip,
  clock: () => time,
});

test('each address has its own number of calls a minute, and all of them again in the next minute', () => {
  const start = Date.now();
  for (let n = 0; n < config.callsPerMinute; n++) countCall(at(start));
  expect(() => countCall(at(start + 59_000))).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED', retryAfter: 1 }),
  );
  expect(() => countCall(at(start, '192.0.2.2'))).not.toThrow();
  expect(() => countCall(at(start + 60_000))).not.toThrow();
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
