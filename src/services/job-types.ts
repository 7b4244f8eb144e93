import { endSessions } from './account/end-sessions.ts';
import { sendMailJob } from './account/mail/send-job.ts';
import { forgetKeys } from './crypto/forget-job.ts';
import { renewEncryption, renewPart } from './crypto/renew-job.ts';
import { renderExport } from './exports/export-job.ts';
import { importProject } from './exports/import/import-job.ts';
import { renderSegments } from './exports/segments/segment-job.ts';
import { executeBatch } from './generation/comfyui/batch-job.ts';
import { executeWorkflow } from './generation/comfyui/execution-job.ts';
import { stopRun } from './generation/comfyui/stop-job.ts';
import { failDependentsJob } from './jobs/fail-dependents-job.ts';
import { listJobTypes } from './jobs/job-type.ts';
import { stopStartedJob } from './jobs/stop-started-job.ts';
import { processAudio, processImage, processTrack, processVideo } from './media/process-job.ts';
import { reprocessMedia } from './media/reprocess-job.ts';
import { encodeSegment } from './media/segments/encode-job.ts';
import { streamVideo } from './media/streams/stream-job.ts';
import { handleStripeEvent } from './payments/event-job.ts';
import { endSuspended } from './payments/subscriptions/suspension-job.ts';
import { sweep } from './removal/sweep-job.ts';
import { completeUpload } from './uploads/complete.ts';
import { copyOriginal } from './uploads/reuse.ts';
import { deliverWebhooks } from './webhooks/deliver-job.ts';

/** Every type of job that there is. */
export const jobTypes = listJobTypes(
  processTrack,
  processAudio,
  processImage,
  processVideo,
  streamVideo,
  encodeSegment,
  reprocessMedia,
  completeUpload,
  copyOriginal,
  renderExport,
  renderSegments,
  importProject,
  sweep,
  endSessions,
  sendMailJob,
  deliverWebhooks,
  handleStripeEvent,
  endSuspended,
  executeWorkflow,
  executeBatch,
  stopRun,
  forgetKeys,
  renewEncryption,
  renewPart,
  failDependentsJob,
  stopStartedJob,
);
