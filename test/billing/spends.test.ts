import './priced.ts';
import '../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { grant } from './make-entry.ts';
import { spend } from './paid-jobs.ts';
import { spendAtOnce } from './spend-rounds.ts';

place({ worker: false });

test('of 2,000 spends by 64 clients at once exactly the 500 are accepted that the balance allows', async () => {
  const { accepted, refused, all } = await spendAtOnce(2000, 64, 500);
  expect([accepted, refused, all]).toEqual([500, 1500, 2000]);
});

test('what is spent alone and in groups at once is exactly what the balance allows', async () => {
  const alice = await given.user();
  await grant(alice, 20);
  // With a unique key, a spend changes the account in a transaction of its own, between the groups.
  const answers = await Promise.all(
    times(60, (n) => spend(alice, undefined, n % 2 ? { uniqueKey: `one ${n}` } : {})),
  );
  const count = (status: number) => answers.filter((one) => one.status === status).length;
  expect([count(202), count(402)]).toEqual([20, 40]);
  const { body } = await alice.get('/v1/credits');
  expect(body).toEqual({ balance: 20, held: 20, available: 0 });
});
