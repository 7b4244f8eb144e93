// Run by job-kills.test.ts: takes jobs, one after the other, until it is killed. The effect of each is a
// document, written in the transaction that completes it.
import { setTimeout as pause } from 'node:timers/promises';
import { systemCtx } from '../../../src/context.ts';
import { connect, database } from '../../../src/data/connection.ts';
import { BACKGROUND } from '../../../src/data/deadlines.ts';
import '../../../src/models/index.ts';
import { type JobType, listJobTypes } from '../../../src/services/jobs/job-type.ts';
import { workOnce } from '../../../src/services/jobs/worker.ts';
import { count } from './types.ts';

/** What it says: that it holds a job, and what became of its attempt to complete it. */
export type Said = { holds: string } | { ended: string };

const say = (said: Said) => void process.send?.(said);
const holds = process.env.HOLDS === 'yes';

const counts: JobType = {
  ...count,
  async run(work) {
    const { job, token } = work;
    if (holds) {
      say({ holds: job._id.toString() });
      // Until it is told to go on.
      await new Promise((resolve) => process.once('message', resolve));
    }
    try {
      return await work.complete(async (tx) => {
        const effect = { job: job._id, token, worker: process.pid };
        const session = tx.session && { session: tx.session };
        await database().collection('effects').insertOne(effect, session);
        return { token };
      });
    } finally {
      if (holds) say({ ended: job._id.toString() });
    }
  },
};
const types = listJobTypes(counts);

for (;;) {
  try {
    await connect(BACKGROUND);
    const outcome = await workOnce(systemCtx('worker'), types, () => 900_000, 'MEDIA');
    if (outcome === 'IDLE') await pause(50);
  } catch {
    // The database is away.
    await pause(100);
  }
}
