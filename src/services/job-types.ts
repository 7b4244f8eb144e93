import { completeUpload } from './complete-upload.ts';
import { copyOriginal } from './duplicates.ts';
import { processTrack } from './process-track.ts';
import { sweep } from './sweep.ts';
import type { JobType } from './work.ts';

/** What each type of job does. */
export const jobTypes: Record<string, JobType> = {
  'process-track': processTrack,
  'process-audio': processTrack,
  'complete-upload': completeUpload,
  'copy-original': copyOriginal,
  sweep,
};
