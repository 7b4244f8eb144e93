import '../harness/place.ts';
import { expect, test } from 'vitest';
import { chance } from '../harness/chance.ts';
import { crashes } from '../harness/crash-points.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('of 1,000 kills at random points nothing is left over, and nothing is lost', async () => {
  const { killed, ended, found, left, ...rest } = await crashes(1000, chance());
  console.table(killed);
  console.log(`${ended} came to their end. The nightly check found ${found.orphans.count} objects`);
  expect(rest).toEqual({ unknown: [], missing: [], uploads: [], unended: [] });
  const none = { count: 0 };
  expect(left).toMatchObject({ orphans: none, missing: none, damaged: none, trashed: none });
});
