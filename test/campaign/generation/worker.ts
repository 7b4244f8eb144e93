// Run by generation-kills.test.ts: takes jobs, one after the other, until it is killed, and tells of what has been
// stored in S3, as its events would.
import { setTimeout as pause } from 'node:timers/promises';
import { systemCtx } from '../../../src/context.ts';
import { connect } from '../../../src/data/connection.ts';
import { BACKGROUND } from '../../../src/data/deadlines.ts';
import '../../../src/models/index.ts';
import { Image } from '../../../src/models/media/image.ts';
import { jobTypes } from '../../../src/services/job-types.ts';
import { workOnce } from '../../../src/services/jobs/worker.ts';
import { noteUpload } from '../../../src/services/uploads/arrivals.ts';

await connect(BACKGROUND);
const ctx = systemCtx('worker');
for (;;) {
  const outcome = await workOnce(ctx, jobTypes, () => 900_000);
  const awaited = await Image.collection.find({ status: 'AWAITING_UPLOAD' }).toArray();
  for (const { filePath } of awaited)
    await noteUpload(ctx, { key: String(filePath), sequencer: '' });
  if (outcome === 'IDLE') await pause(100);
}
