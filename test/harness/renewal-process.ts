// Run by renewal-kills.test.ts, and killed by it: does jobs, or reads and writes documents of which each has
// one writer, for as long as it lives.
import { setTimeout } from 'node:timers/promises';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import { decryptField } from '../../src/data/encrypted-fields.ts';
import { UUID } from '../../src/data/ids.ts';
import { update } from '../../src/data/write.ts';
import { RunPodExecution } from '../../src/models/index.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';

/** What it says: which value a document has by a write that was acknowledged, or what went wrong. */
export type Said = { id: string; n: number } | { failed: string };

const { ROLE, AHEAD = '0' } = process.env;
const ctx: Ctx = { ...systemCtx('test'), clock: () => Date.now() + Number(AHEAD) };
const say = (said: Said) => process.send?.(said);

const { promise: told, resolve: tell } = Promise.withResolvers<unknown>();
process.once('message', tell);
process.on('disconnect', () => process.exit());

await connect(BACKGROUND);
if (ROLE === 'work') await work();
else await use((await told) as string[]);

async function work(): Promise<void> {
  for (;;) {
    if ((await workOnce(ctx, jobTypes, () => 900_000)) === 'IDLE') await setTimeout(50);
  }
}

async function use(ids: string[]): Promise<void> {
  for (;;) {
    const id = ids[Math.floor(Math.random() * ids.length)] as string;
    const _id = new UUID(id);
    try {
      const found = await RunPodExecution.collection.findOne({ _id });
      await decryptField(ctx, RunPodExecution, found as never, 'input');
      const n = Date.now();
      await update(ctx, RunPodExecution, { _id }, { set: { input: { n } } });
      say({ id, n });
    } catch (error) {
      say({ failed: String(error) });
    }
  }
}
