// Run by jobs.test.ts with a clock of its own: enqueues a job, and takes jobs, two at a time, as workers do.
import { setTimeout } from 'node:timers/promises';
import Joi from 'joi';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import '../../src/models/index.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';

/** What it says: a job that it has begun, or that it has looked for one in vain. */
export type Said = { began: string } | 'idle';

const say = (said: Said) => void process.send?.(said);
const { promise: mayEnd, resolve: end } = Promise.withResolvers<unknown>();
process.once('message', end);

const endless: JobType<object, object> = {
  name: 'endless',
  input: Joi.object({}),
  async run({ job, progress }) {
    say({ began: job._id.toString() });
    progress(10);
    await mayEnd;
    return {};
  },
};
const types = listJobTypes(endless);
const ctx = systemCtx('test');

async function works(): Promise<void> {
  for (;;) {
    if ((await workOnce(ctx, types, () => 900_000)) === 'IDLE') say('idle');
    await setTimeout(10);
  }
}

await connect(BACKGROUND);
await enqueue(ctx, endless, { input: {} });
await Promise.all([works(), works()]);
