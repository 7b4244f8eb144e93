import './support/setup.ts';
import { test } from 'vitest';
import { atMostAHundred, boundedLists, boundedReads } from './attacks/cost.ts';

test('A21 dear queries: huge limits, offsets, long lists and unindexed sorts are refused', () =>
  boundedLists());

test('A21 dear queries: no page and no include has more than 100', () => atMostAHundred());

test('A21 dear queries: every read has a deadline and an index, and none sorts in memory', () =>
  boundedReads());
