import { jobTypes } from '../../src/services/job-types.ts';
import type { JobType, JobTypes } from '../../src/services/jobs/job-type.ts';
import { processMedium } from '../../src/services/media/process.ts';
import type { processTrack } from '../../src/services/media/process-job.ts';
import type { MediaProcessor } from '../../src/services/media/processor.ts';

/** All job types, of which one runs something else. */
export function replaceRun(
  name: string,
  run: JobType['run'],
  more: Partial<JobType> = {},
): JobTypes {
  const type = jobTypes.get(name);
  if (!type) throw new Error(`There is no job type ${name}.`);
  return new Map([...jobTypes, [name, { ...type, run, ...more }]]);
}

/** All job types, of which one processes media by another decoder. */
export function replaceProcessor(name: string, process: MediaProcessor): JobTypes {
  const run: typeof processTrack.run = (work) => processMedium(work, process);
  // The type that is replaced takes this very input.
  return replaceRun(name, run as JobType['run']);
}
