import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { place } from '../../harness/place.ts';
import { playSchedules, SCHEDULES } from './play.ts';

place({ worker: false });

test(`of ${SCHEDULES} schedules of faults, the second half, none leaves an execution stuck, run twice, or paid wrongly`, async () => {
  expect(await playSchedules(1, 2)).toEqual([]);
});
