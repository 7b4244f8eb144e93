import { processAudio } from './media/audio/process.ts';
import { processMedium } from './process-medium.ts';
import { sweep } from './sweep.ts';
import type { JobType } from './work.ts';

/** What each type of job does. */
export const jobTypes: Record<string, JobType> = {
  'process-track': processMedium(processAudio),
  'process-audio': processMedium(processAudio),
  sweep,
};
