import '../harness/place.ts';
import { expect, test } from 'vitest';
import { chance } from '../harness/chance.ts';
import { crashes } from '../harness/crash-points.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

// A thousand of them are in the campaign.
test('a process killed at any point leaves no orphan and loses nothing', async () => {
  const { left, unknown, missing, uploads, unended } = await crashes(60, chance());
  expect({ unknown, missing, uploads, unended }).toEqual({
    ...{ unknown: [], missing: [], uploads: [], unended: [] },
  });
  const none = { count: 0 };
  expect(left).toMatchObject({ orphans: none, missing: none, damaged: none, trashed: none });
});
