import '../harness/place.ts';
import { expect, test } from 'vitest';
import { countCall } from '../../src/api/http/ip-rate-limit.ts';
import { config, readConfig } from '../../src/config.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { passTime, withClockAhead } from '../harness/clocks.ts';
import { call, given } from '../harness/given.ts';
import { openApiDocument } from '../harness/openapi-document.ts';

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

/** A JSON body of so many bytes, with nothing in it. */
const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`;

test('an operation that is open to all takes 16 KiB, and says so of a body that is larger', async () => {
  const paths = openApiDocument.paths as Record<string, { post?: { security: unknown[] } }>;
  // What a provider signs is larger, and nothing of it is parsed before its signature is verified.
  const open = Object.entries(paths).filter(
    ([path, { post }]) => post?.security?.length === 0 && path !== '/v1/webhooks/stripe',
  );
  expect(open.length).toBeGreaterThan(5);
  for (const [path] of open) {
    const post = (raw: string) => call('POST', path, { raw });
    expect((await post(padded(16 * 1024))).status, path).not.toBe(413);
    const answer = await post(padded(16 * 1024 + 1));
    expect([answer.status, answer.body.code], path).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(answer.body.detail).toContain('16 KiB');
  }
});

test('a body is not read before it is known who sends it: without a token, any size is a 401', async () => {
  const { token } = await given.user();
  const raw = padded(2 * 1024 * 1024);
  expect((await call('POST', '/v1/projects', { raw })).status).toBe(401);
  const known = await call('POST', '/v1/projects', { raw, token });
  expect([known.status, known.body.detail]).toEqual([413, expect.stringContaining('1024 KiB')]);
});
