import type { JobType } from './jobs/worker.ts';
import { givenUpAfter } from './media/decode-timeout.ts';
import { processMedium } from './media/process.ts';
import { inPieces } from './media/segments/join-preview.ts';
import { encodePiece } from './media/segments/pieces.ts';
import { streamVideo } from './media/streams/make.ts';
import { sweep } from './removal/sweep.ts';
import { completeUpload } from './uploads/complete.ts';
import { copyOriginal } from './uploads/reuse.ts';

const audio = async () => (await import('./media/audio/process.ts')).processAudio;
/** Far more than the largest image takes, in s. */
const PATIENCE = 90;
const image = async () =>
  givenUpAfter(PATIENCE, (await import('./media/image/process.ts')).processImage);
const video = async () => (await import('./media/video/process.ts')).processVideo;

/** What each type of job does. */
export const jobTypes: Record<string, JobType> = {
  'process-track': processMedium(audio),
  'process-audio': processMedium(audio),
  'process-image': processMedium(image),
  'process-video': inPieces(processMedium(video)),
  'stream-video': streamVideo,
  'encode-segment': encodePiece,
  'complete-upload': completeUpload,
  'copy-original': copyOriginal,
  sweep,
};
