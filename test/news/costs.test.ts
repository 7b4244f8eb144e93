import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { database } from '../../src/data/connection.ts';
import { newId } from '../../src/data/ids.ts';
import { Event } from '../../src/models/news/event.ts';
import { EventHead } from '../../src/models/news/event-head.ts';
import { openFeed } from '../../src/services/news/feeds.ts';
import { adminCollection } from '../harness/admin.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

test('among 10,000 events, news of a user are numbered and read by looking at those alone', async () => {
  const users = times(100, (n) => newId(n));
  const now = new Date();
  const events = times(10_000, (n) => ({
    ...{
      _id: newId(Date.now()),
      user: users[n % users.length],
      type: 'job.updated',
      entity: 'Job',
    },
    ...{ document: newId(n), revision: 1, data: {}, forWebhooks: true },
    ...{ createdAt: now, updatedAt: now, version: 1 },
    // The first ones have their places; the last ten of each user wait for theirs.
    ...(n < 9000 && { sequence: 1 + Math.floor(n / users.length) }),
  }));
  await adminCollection(Event).insertMany(events as never);
  const head = { _id: newId(1), user: users[0], sequence: 90, createdAt: now, updatedAt: now };
  await adminCollection(EventHead).insertOne({ ...head, version: 1 } as never);
  const log = `${database().databaseName}.${Event.collectionName}`;
  const profiles = await profileOf(async () => {
    const feed = await openFeed(systemCtx('test'), users[0] as never, () => {});
    expect(feed.head()).toBe(100);
    expect((await feed.readAfter(2)).map(({ sequence }) => sequence)).toEqual(
      times(98, (i) => i + 3),
    );
    await feed.close();
  });
  // Not what follows the log, which reads that of the database itself.
  const reads = profiles.filter(({ ns, op }) => ns === log && ['query', 'update'].includes(op));
  expect(reads.length).toBeGreaterThan(3);
  for (const it of reads) {
    expect(it.planSummary).not.toMatch(/COLLSCAN/);
    expect(it.hasSortStage).toBeFalsy();
    expect(it.docsExamined ?? 0).toBeLessThanOrEqual(100);
  }
});
