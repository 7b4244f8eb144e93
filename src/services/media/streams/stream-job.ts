import Joi from 'joi';
import type { UUID } from '../../../data/ids.ts';
import { Video } from '../../../models/media/video.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType, Subject } from '../../jobs/job-type.ts';
import { discardSegments, type SegmentsState } from '../segments/encode-job.ts';
import { type Shape, shapeInput } from '../video/shape.ts';

/** What a job is told that makes the adaptive stream of a video. */
export interface StreamInput {
  document: UUID;
  /** Of the bytes that it is to be made of. */
  etag: string;
  filePath: string;
  /** The stream lies below, and goes with them. */
  derivativesPath: string;
  /** What the decoder has shown when the video was processed. */
  shape: Shape;
}

/** What such a job stores as its result. */
export interface StreamResult {
  document: UUID;
  superseded: false;
}

/** A video as the subject of the job that makes its stream. A stream that is READY stays so. */
const streamSubject: Subject<StreamInput> = {
  at: ({ document }) => ({ entity: Video, id: document }),
  waiting: waitsForStream,
  failed: ({ code, message }) => [
    {
      set: { 'stream.status': 'FAILED', 'stream.error': { code, message } },
      action: 'stream',
    },
  ],
  resumed: (job) => ({
    where: waitsForStream(job),
    set: { 'stream.status': 'PENDING' },
    unset: ['stream.error'],
    action: 'stream',
  }),
};

function waitsForStream(job: UUID) {
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
  queue: 'media',
  subject: streamSubject,
  run: async (work) => (await import('./make.ts')).makeStream(work),
  afterParts: async (work, results, state) =>
    (await import('./make.ts')).joinStream(work, results, state),
  discardParts: discardSegments,
};
