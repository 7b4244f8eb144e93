// Run by songs.test.ts with a clock of its own: the functions of queues and of S3's events, on the place of the test.
import { readDeployment } from '../../src/local/cloud.ts';
import { startWorker } from '../../src/local/worker.ts';

/** What it says: that it can begin. */
export type Said = 'ready';

const env = process.env as Record<string, string>;
await startWorker({ deployment: readDeployment('.'), env, clock: false });
const ready: Said = 'ready';
process.send?.(ready);
