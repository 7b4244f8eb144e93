import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import '../harness/place.ts';
import { readConfig } from '../../src/config.ts';
import { choosePool } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';

test('a deployed function holds at most ten connections, and none that is idle', () => {
  const most = readConfig(process.env).databaseConnections;
  const pool = choosePool({ stage: 'production', databaseConnections: most });
  expect(pool.maxPoolSize).toBeLessThanOrEqual(10);
  expect(pool.minPoolSize).toBe(0);
  expect(pool.maxIdleTimeMS).toBeGreaterThan(0);
  // The local gateway serves all requests in one process.
  const local = { stage: 'local', databaseConnections: most };
  expect(choosePool(local)).toEqual({ minPoolSize: 0, maxPoolSize: 100 });
});

test('where nobody waits, a call waits for a connection as long as for its answer, and for a server as long as a failover takes', () => {
  const { waitQueueTimeoutMS, serverSelectionTimeoutMS } = mongoose.connection.getClient().options;
  expect(waitQueueTimeoutMS).toBe(BACKGROUND.total);
  expect(serverSelectionTimeoutMS).toBeGreaterThan(12_000);
});
