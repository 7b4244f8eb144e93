import '../harness/place.ts';
import { expect, test } from 'vitest';
import { raiseStorm } from '../harness/audit-storm.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('each committed write has its one entry, and all chains verify, though writers and sequencers are killed', async () => {
  const writing = { processes: 2, writers: 8 };
  const outcome = await raiseStorm({ writing, writes: 400, subjects: 100, kills: 4 });
  expect(outcome.uneven).toEqual([]);
  expect(outcome.entries).toBeGreaterThanOrEqual(400 + 100);
  expect(outcome.report).toMatchObject({ entries: outcome.entries, faults: [] });
});
