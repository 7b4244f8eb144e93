import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { handler as checkObjects } from '../../functions/check-objects.ts';
import { handler as reconcile } from '../../functions/reconcile.ts';
import { UUID } from '../../src/data/ids.ts';
import { Track } from '../../src/models/media/track.ts';
import { TrashedMedium } from '../../src/models/media/trashed-medium.ts';
import { Project } from '../../src/models/projects/project.ts';
import { log } from '../../src/providers/log.ts';
import { headObject } from '../../src/providers/s3.ts';
import { withClockAhead } from '../harness/clocks.ts';
import { given } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { putObject } from '../harness/objects.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const HOUR = 3_600_000;

test.each([600_000, -600_000, 90_000, -90_000])(
  'on a host whose clock is %i ms ahead of the database’s nothing is deleted for its age, and the log says why',
  async (ahead) => {
    const alice = await given.user();
    const [never, orphan] = [await alice.track(), await alice.track()];
    const old = new Date(Date.now() - 25 * HOUR);
    await Track.collection.updateOne({ _id: new UUID(never.id) }, { $set: { updatedAt: old } });
    await Project.collection.deleteOne({ _id: new UUID(orphan.project as string) });
    const trashed = await alice.uploads(Buffer.from('bytes'));
    const id = new UUID(trashed.id);
    await Track.collection.updateOne({ _id: id }, { $set: { status: 'FAILED' } });
    await alice.delete(`/v1/tracks/${trashed.id}`);
    const over = { $set: { expiresAt: new Date(Date.now() - 1000) } };
    expect((await TrashedMedium.collection.updateOne({ _id: id }, over)).matchedCount).toBe(1);
    const unknown = `media/${alice.id}/tracks/${crypto.randomUUID()}/original/x`;
    await putObject(unknown, 'x');
    const error = vi.spyOn(log, 'error');

    const isThere = async () => [
      (await alice.get(`/v1/tracks/${never.id}`)).status === 200,
      (await alice.get(`/v1/tracks/${orphan.id}`)).status === 200,
      (await TrashedMedium.collection.countDocuments({ _id: id })) === 1,
      (await headObject(unknown)) !== undefined,
    ];
    const told = await withClockAhead(ahead, () => reconcile({}, invocation()));
    const checked = await withClockAhead(ahead, () => checkObjects({}, invocation()));
    expect(await isThere()).toEqual([true, true, true, true]);
    const where = ahead > 0 ? 'ahead of' : 'behind';
    const refused = expect.stringContaining(`s ${where} that of the database.`);
    expect(told).toMatchObject({ uploads: 0, orphans: 0, emptied: 0, refused });
    expect(checked).toMatchObject({ dryRun: true, refused });
    expect(error).toHaveBeenCalledWith(expect.stringContaining('the clocks differ'), { refused });
    error.mockRestore();

    // Where they agree, all of them go; of objects only old ones, and this one is new.
    expect(await reconcile({}, invocation())).not.toHaveProperty('refused');
    expect(await checkObjects({}, invocation())).toMatchObject({ dryRun: false });
    expect(await isThere()).toEqual([false, false, false, true]);
  },
);

test('a host 50 s ahead deletes what is old', async () => {
  const alice = await given.user();
  const never = await alice.track();
  const old = new Date(Date.now() - 25 * HOUR);
  await Track.collection.updateOne({ _id: new UUID(never.id) }, { $set: { updatedAt: old } });
  const told = await withClockAhead(50_000, () => reconcile({}, invocation()));
  expect(told).not.toHaveProperty('refused');
  expect((await alice.get(`/v1/tracks/${never.id}`)).status).toBe(404);
});
