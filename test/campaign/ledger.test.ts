import { vi } from 'vitest';

// Two thousand calls a round come from one address.
vi.hoisted(() => {
  process.env.CALLS_PER_MINUTE = '1000000';
});

import '../billing/priced.ts';
import '../harness/place.ts';
import { expect, test } from 'vitest';
import { followModel } from '../billing/ledger-model.ts';
import { spendAtOnce } from '../billing/spend-rounds.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const SEQUENCES = Number(process.env.SEQUENCES ?? 2000);

test(`${ROUNDS} times, of 2,000 spends by 64 clients exactly the 500 are accepted that the balance allows`, async () => {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { accepted, refused, seconds } = await spendAtOnce(2000, 64, 500);
    expect([round, accepted, refused]).toEqual([round, 500, 1500]);
    rounds.push({ accepted, refused, seconds: Math.round(seconds * 10) / 10 });
  }
  console.table(rounds);
});

test(`${SEQUENCES} sequences of up to 30 steps leave what a model of the ledger says`, () =>
  followModel(SEQUENCES, 30));
