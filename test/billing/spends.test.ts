import './priced.ts';
import '../harness/place.ts';
import { expect, test } from 'vitest';
import { place } from '../harness/place.ts';
import { spendAtOnce } from './spend-rounds.ts';

place({ worker: false });

test('of 2,000 spends by 64 clients at once exactly the 500 are accepted that the balance allows', async () => {
  const { accepted, refused, all } = await spendAtOnce(2000, 64, 500);
  expect([accepted, refused, all]).toEqual([500, 1500, 2000]);
});
