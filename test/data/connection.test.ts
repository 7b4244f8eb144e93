import { expect, test } from 'vitest';
import '../harness/place.ts';
import { choosePool } from '../../src/data/connection.ts';

test('a deployed function holds at most ten connections, and none that is idle', () => {
  const pool = choosePool('production');
  expect(pool.maxPoolSize).toBeLessThanOrEqual(10);
  expect(pool.minPoolSize).toBe(0);
  expect(pool.maxIdleTimeMS).toBeGreaterThan(0);
  // The local gateway serves all requests in one process.
  expect(choosePool('local')).toEqual({ minPoolSize: 0, maxPoolSize: 100 });
});
