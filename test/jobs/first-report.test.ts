import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

// In a file of its own: a process looks for unknown types before its first job only.
test('a worker that cannot look for unknown types works, and looks again before its next job', async () => {
  const ctx = systemCtx('test');
  const input = { entity: 'Project', documents: [] };
  for (let n = 0; n < 2; n++) await enqueue(ctx, sweep, { input });
  const find = vi.spyOn(Job.collection, 'findOne').mockRejectedValueOnce(new Error('away'));
  expect(await workOnce(ctx, jobTypes, () => 60_000)).toBe('DONE');
  const error = vi.spyOn(ctx.log, 'error');
  await enqueue(ctx, sweep, { input, priority: 0 });
  await Job.collection.updateOne({ priority: 0 }, { $set: { type: 'nonsense' } });
  expect(await workOnce(ctx, jobTypes, () => 60_000)).toBe('DONE');
  expect(error).toHaveBeenCalledWith(expect.any(String), { type: 'nonsense' });
  find.mockRestore();
});
