import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startCheckout } from '../../bench/checkout.ts';
import { ROOT } from '../../bench/ours.ts';
import { verify } from '../../bench/slices.ts';
import { divide, median, quantile } from '../../bench/statistics.ts';
import { WORKS } from '../../bench/works.ts';

test('the gateway of a checkout, started by its own code, answers each work of the bench rightly', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const size = { users: 1, projects: 2, tracks: 3 };
  const place = { root: ROOT, name: 'checkout_test', dir };
  const checkout = await startCheckout({ ...place, tools: inject('tools'), size });
  try {
    for (const work of WORKS) await verify(work, checkout, size);
    await checkout.clear();
    const { token, path } = await checkout.readProject();
    const answer = await fetch(checkout.base + path, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
  } finally {
    await checkout.stop();
  }
});

test('a ratio is of slices measured in the same round, and its median is not moved by one outlier', () => {
  const ratios = divide([90, 110, 100, 10], [100, 100, 100, 100]);
  expect(ratios).toEqual([0.9, 1.1, 1, 0.1]);
  expect(median(ratios)).toBeCloseTo(0.95);
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
  expect(median([])).toBeNaN();
});
