import { expect } from 'vitest';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { given } from '../harness/given.ts';
import { times } from '../harness/times.ts';
import { grant } from './make-entry.ts';
import { spend } from './paid-jobs.ts';

/** So many spends by so many clients at once against a balance; how they were answered. */
export async function spendAtOnce(spends: number, clients: number, balance: number) {
  const alice = await given.user();
  await grant(alice, balance);
  const statuses: number[] = [];
  let begun = 0;
  const started = performance.now();
  await Promise.all(
    times(clients, async () => {
      while (begun++ < spends) statuses.push((await spend(alice)).status);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const count = (status: number) => statuses.filter((s) => s === status).length;
  const { body } = await alice.get('/v1/credits');
  expect(body).toEqual({ balance, held: balance, available: 0 });
  expect((await verifyLedger()).fault).toBeUndefined();
  return { accepted: count(202), refused: count(402), all: statuses.length, seconds };
}
