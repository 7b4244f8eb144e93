import Joi from 'joi';
import type { UUID } from '../../../data/ids.ts';
import { Video } from '../../../models/media/video.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType, Subject } from '../../jobs/job-type.ts';
import { discardSegments, type SegmentsState } from '../segments/encode-job.ts';
import { type Shape, shapeInput } from '../video/shape.ts';

/** The input of a job that makes the adaptive stream of a video. */
export interface StreamInput {
  document: UUID;
  /** ETag of the bytes that the stream is made from. */
  etag: string;
  filePath: string;
  /** The stream is stored below the derivatives, and deleted with them. */
  derivativesPath: string;
  /** As detected when the video was processed. */
  shape: Shape;
}

/** The result of such a job. */
export interface StreamResult {
  document: UUID;
  superseded: false;
}

/**
 * The video as the subject of the job that makes its stream. A READY stream stays READY if the job
 * fails.
 */
const streamSubject: Subject<StreamInput> = {
  at: ({ document }) => ({ entity: Video, id: document }),
  waiting: buildWaitingFilter,
  failed: ({ code, message }) => [
    {
      set: { 'stream.status': 'FAILED', 'stream.error': { code, message } },
      action: 'stream',
    },
  ],
  resumed: (job) => ({
    where: buildWaitingFilter(job),
    set: { 'stream.status': 'PENDING' },
    unset: ['stream.error'],
    action: 'stream',
  }),
};

function buildWaitingFilter(job: UUID) {
  return { 'stream.job': job, 'stream.status': { $ne: 'READY' } };
}

export const streamVideo: JobType<StreamInput, StreamResult, SegmentsState> = {
  name: 'stream-video',
  input: Joi.object<StreamInput>({
    document: idInput().required(),
    etag: Joi.string().required(),
    filePath: Joi.string().required(),
    derivativesPath: Joi.string().required(),
    shape: shapeInput.required(),
  }),
  queue: 'render',
  subject: streamSubject,
  run: async (work) => (await import('./make.ts')).makeStream(work),
  afterParts: async (work, results, state) =>
    (await import('./make.ts')).joinStream(work, results, state),
  discardParts: discardSegments,
};
