import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { findOne, WHOLE } from '../../src/data/read.ts';
import { RateCount } from '../../src/models/account/rate-count.ts';
import { User } from '../../src/models/account/user.ts';
import { createMailToken } from '../../src/services/account/mail-tokens.ts';
import { call, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const SAMPLES = 400;
const ctx = systemCtx('test');

test('of 64 uses of one token at once, exactly one works, in each of 50 rounds', {
  timeout: 600_000,
}, async () => {
  const alice = await given.user();
  const user = await findOne(ctx, User, { _id: new UUID(alice.id) }, WHOLE);
  if (!user) throw new Error('There is no such account.');
  for (let round = 0; round < 50; round++) {
    const token = await createMailToken(ctx, 'VERIFY_EMAIL', user, user.email);
    const use = () => call('POST', '/v1/auth/verify-email', { body: { token } });
    const statuses = (await Promise.all(times(64, use))).map((a) => a.status);
    expect(
      statuses.filter((s) => s === 204),
      `round ${round}`,
    ).toHaveLength(1);
    expect(
      statuses.filter((s) => s === 422),
      `round ${round}`,
    ).toHaveLength(63);
  }
});

test('a reset of the password takes as long for an address of nobody', {
  timeout: 600_000,
}, async () => {
  const alice = await given.user();
  const measured: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const time = async (email: string) => {
    // The limits of mails are not what is measured.
    await RateCount.collection.deleteMany({});
    const begun = performance.now();
    const { status } = await call('POST', '/v1/auth/password-reset', { body: { email } });
    expect(status).toBe(202);
    return performance.now() - begun;
  };
  for (let n = 0; n < SAMPLES; n++) {
    const nobody = `${newId(Date.now()).toHexString()}@example.com`;
    const pair = [
      async () => measured.known.push(await time(alice.email)),
      async () => measured.unknown.push(await time(nobody)),
    ];
    for (const take of n % 2 ? pair : pair.toReversed()) await take();
  }
  expect(Math.abs(median(measured.known) - median(measured.unknown))).toBeLessThan(5);
});

const median = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] as number;
