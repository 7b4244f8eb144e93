import { completeUpload } from './complete-upload.ts';
import { copyOriginal } from './duplicates.ts';
import { inPieces } from './join-preview.ts';
import { givenUpAfter } from './media/hung.ts';
import { encodePiece } from './pieces.ts';
import { processMedium } from './process-medium.ts';
import { streamVideo } from './stream-video.ts';
import { sweep } from './sweep.ts';
import type { JobType } from './work.ts';

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
