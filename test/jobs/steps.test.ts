import '../harness/place.ts';
import Joi from 'joi';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

/** Runs a job that fails in some of its steps. @returns its status at the end, and how many steps it did */
async function follow(name: string, fails: (step: number) => boolean) {
  let [steps, ahead] = [0, 0];
  const type: JobType = {
    name,
    input: Joi.object(),
    run: async () => {
      steps++;
      if (fails(steps)) throw new Error('A disk has failed.');
      return steps < 20 ? { wakeIn: 1 } : {};
    },
  };
  const ctx = { ...systemCtx('test'), clock: () => Date.now() + ahead };
  const { _id } = await enqueue(ctx, type, { input: {} });
  for (let i = 0; i < 40; i++) {
    await workOnce(ctx, listJobTypes(type), () => 900_000);
    ahead += 100_000;
  }
  const job = await Job.collection.findOne({ _id });
  return { status: job?.status, steps };
}

test('a job that goes on step by step may fail in many of them, where it then goes on', async () => {
  const found = await follow('odd-steps', (step) => step % 2 === 1);
  expect(found).toEqual({ status: 'COMPLETED', steps: 20 });
});

test('a job that fails three times at one step has failed', async () => {
  const found = await follow('last-steps', (step) => step > 10);
  expect(found).toEqual({ status: 'FAILED', steps: 13 });
});
