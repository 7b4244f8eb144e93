// Run by `npm run bench:jobs`: claims jobs, and says how long each claim took; with `cycle` it also runs
// and completes them.
import { parentPort, workerData } from 'node:worker_threads';
import Joi from 'joi';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { claim } from '../../src/services/jobs/claim.ts';
import { listJobTypes } from '../../src/services/jobs/job-type.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';

const { kind, lanes, each } = workerData as { kind: string; lanes: number; each: number };
const types = listJobTypes({ name: 'bench', input: Joi.object().unknown(), run: async () => ({}) });
const ctx = systemCtx('bench');

/** The least that a claim can be: one update by the same index, and nothing else. */
const claimBare = () =>
  Job.collection.findOneAndUpdate(
    { status: 'QUEUED', queue: 'MEDIA', waitsFor: 'WORKER' },
    { $set: { status: 'RUNNING', startedAt: new Date() } },
    { sort: { turn: 1 }, hint: { queue: 1, waitsFor: 1, turn: 1 } },
  );

const work: Record<string, () => Promise<unknown>> = {
  floor: claimBare,
  claim: () => claim(ctx, 'bench', types, 'MEDIA'),
  cycle: () => workOnce(ctx, types, () => 900_000, 'MEDIA'),
};
const once = work[kind];
if (!once) throw new Error(`There is no ${kind}.`);
await connect(BACKGROUND);
const times: number[] = [];
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let n = 0; n < each; n++) {
      const start = performance.now();
      await once();
      times.push(performance.now() - start);
    }
  }),
);
parentPort?.postMessage(times);
