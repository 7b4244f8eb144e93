import '../harness/place.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import type { Stored } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { type EnqueueSweep, remove, sweepChildren } from '../../src/data/remove.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { LooseEvent } from '../../src/models/audit/loose-event.ts';
import { RetentionPolicy } from '../../src/models/maintenance/retention-policy.ts';
import { RetentionRun } from '../../src/models/maintenance/retention-run.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { enqueueSweep } from '../../src/services/removal/sweep-job.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { stored } from '../harness/stored.ts';

place({ worker: false });

const ctx = systemCtx('test');

afterEach(() => {
  vi.restoreAllMocks();
});

/** Audit events of tracks cannot be written. */
function refuseEvents(): EnqueueSweep {
  const { collection } = LooseEvent;
  const write = collection.insertMany.bind(collection);
  vi.spyOn(collection, 'insertMany').mockImplementation(async (events, options) => {
    if (events.some(({ event }) => (event as Stored).entity === 'Track'))
      throw new Error('not now');
    return write(events, options);
  });
  return enqueueSweep;
}

/** The job that sweeps behind tracks cannot be written. */
function refuseJobs(): EnqueueSweep {
  return async (tx, leftovers) => {
    if (leftovers.entity === 'Track') throw new Error('not now');
    return enqueueSweep(tx, leftovers);
  };
}

test.each([
  ['audit event', refuseEvents],
  ['sweep job', refuseJobs],
])('a child goes together with its %s, or not at all', async (_what, refuse) => {
  const alice = await given.user();
  const track = await alice.track();
  const [_id, project] = [new UUID(track.id), new UUID(track.project as string)];
  const count = () => Track.collection.countDocuments({ _id });
  await expect(remove(ctx, Project, { _id: project }, refuse())).rejects.toThrow('not now');
  expect(await count()).toBe(1);
  vi.restoreAllMocks();
  await sweepChildren(ctx, Project, project, enqueueSweep);
  expect(await count()).toBe(0);
  await appendToChain(ctx);
  const events = await AuditEvent.collection.find({ document: _id }).sort({ sequence: 1 });
  expect((await events.toArray()).map(({ action }) => action)).toEqual(['create', 'delete']);
});

test('what is about to go takes no new reference, once its references have been looked for', async () => {
  const root = await given.admin();
  const policy = new UUID(await stored(RetentionPolicy, root));
  const { collection } = RetentionRun;
  const look = collection.findOne.bind(collection) as (...args: unknown[]) => Promise<unknown>;
  let late: unknown;
  const between = async (...args: unknown[]) => {
    const found = await look(...args);
    late = await stored(RetentionRun, root, { policy }).catch((error) => error);
    return found;
  };
  vi.spyOn(collection, 'findOne').mockImplementationOnce(between as never);
  expect(await remove(ctx, RetentionPolicy, { _id: policy }, enqueueSweep)).not.toBeNull();
  expect(late).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'policy' }] });
  expect(await collection.countDocuments({ policy })).toBe(0);
});
