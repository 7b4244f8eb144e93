import '../harness/place.ts';
import { beforeAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { database } from '../../src/data/connection.ts';
import { lowestIdAt } from '../../src/data/ids.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { claim } from '../../src/services/jobs/claim.ts';
import { sendHeartbeat } from '../../src/services/jobs/heartbeat.ts';
import '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { reconcile } from '../../src/services/maintenance/reconcile.ts';
import { adminCollection } from '../harness/admin.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { place } from '../harness/place.ts';
import { type Profile, profileOf } from '../harness/profile.ts';

place({ worker: false });

beforeAll(async () => {
  const now = await readDatabaseTime();
  const common = { input: {}, progress: 0, attempts: 0, maxAttempts: 3, losses: 0, version: 1 };
  const jobs = Array.from({ length: 10_000 }, (_, n) => {
    // Most have ended; a thousand wait for their next try, some for a worker, some have lost theirs.
    const [status, runAfter] =
      n % 10 === 0
        ? ['QUEUED', now + 3_600_000]
        : n % 500 === 1
          ? ['QUEUED', now - n]
          : [n % 500 === 2 ? 'RUNNING' : 'COMPLETED', now - n];
    const at = new Date(now - 86_400_000 - n);
    return {
      ...{
        ...common,
        _id: lowestIdAt(at.getTime()),
        type: 'copy-original',
        status,
        createdAt: at,
        updatedAt: at,
      },
      ...{ priority: 5, runAfter: new Date(runAfter), queue: 'MEDIA', turn: n },
      ...{ waitsFor: n % 10 === 0 ? 'TIME' : 'WORKER' },
      ...(status === 'RUNNING' && { lease: { owner: 'x', token: 1, until: new Date(now - n) } }),
    };
  });
  await adminCollection(Job).insertMany(jobs as never, { bypassDocumentValidation: true });
});

/** What the database did with jobs while `work` ran. */
async function jobProfilesOf(work: () => Promise<unknown>): Promise<Profile[]> {
  const jobs = `${database().databaseName}.${Job.collectionName}`;
  return (await profileOf(work)).filter(({ ns }) => ns === jobs);
}

test('among 10,000 jobs a claim, of a waiting and of a lost one, reads a handful', async () => {
  const ctx = systemCtx('test');
  const profiles = await jobProfilesOf(async () => {
    // Twenty wait, then come the lost ones.
    for (let n = 0; n < 25; n++) {
      const it = await claim(ctx, 'worker', jobTypes);
      if (!it) throw new Error('There is one.');
      expect(await sendHeartbeat(ctx, jobTypes, it, 1, 'stage')).toBe(true);
    }
  });
  expect(profiles.length).toBeGreaterThanOrEqual(50);
  for (const it of profiles) {
    expect(it.planSummary).not.toMatch(/COLLSCAN/);
    expect(it.hasSortStage).toBeFalsy();
    expect(it.docsExamined ?? 0).toBeLessThanOrEqual(2);
    // One look at each queue.
    expect(it.keysExamined ?? 0).toBeLessThanOrEqual(10);
  }
});

test('a claim that finds nothing asks the database three times, also when it looks for lost jobs first', async () => {
  const claims = () => claim(systemCtx('test'), 'worker', jobTypes, 'RENDER');
  for (const _ of ['looks for lost ones', 'has just done so']) {
    expect(await jobProfilesOf(claims)).toHaveLength(3);
  }
});

test('among 10,000 jobs reconcile reads those that it rings for', async () => {
  const profiles = await jobProfilesOf(() => reconcile(systemCtx('test')));
  expect(profiles.length).toBeGreaterThan(2);
  for (const it of profiles) {
    expect(it.planSummary).not.toMatch(/COLLSCAN/);
    expect(it.hasSortStage).toBeFalsy();
    const most = 1.2 * (it.nreturned ?? it.nModified ?? 0) + 1;
    expect(it.docsExamined ?? 0).toBeLessThanOrEqual(most);
  }
});
