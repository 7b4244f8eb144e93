import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import type { FanOut, JobType } from '../../jobs/job-type.ts';
import { enqueue } from '../../jobs/queue.ts';
import { sweep } from '../../removal/sweep-job.ts';
import { buildWorkPrefix } from '../keys.ts';
import type { Derivative, Medium } from '../medium.ts';
import type { Processed } from '../processor.ts';
import type { Segment, SegmentPlan } from '../video/segment-plan.ts';
import { type Shape, shapeInput } from '../video/shape.ts';
import type { MediaWarning } from '../warning.ts';

/**
 * The input of a child job that encodes one segment of a video or, without `segment`, the whole
 * sound.
 */
export interface SegmentInput {
  filePath: string;
  /** ETag of the bytes to encode. */
  etag: string;
  /** The S3 folder for the files, with a trailing slash. */
  folder: string;
  /** Whether to encode the renditions of a stream, or the preview. */
  for: 'STREAM' | 'PREVIEW';
  shape: Shape;
  segment?: Segment & { number: number };
}

/** The result of such a job. */
export interface SegmentResult {
  /** S3 keys by the file names that joining expects. */
  keys: Record<string, string>;
  /** Facts of the sound. */
  facts?: object;
  /** What was odd about this part of the file. */
  warnings?: MediaWarning[];
}

/** Encodes one segment of a video; the parent job joins them. */
export const encodeSegment: JobType<SegmentInput, SegmentResult> = {
  name: 'encode-segment',
  input: Joi.object<SegmentInput>({
    filePath: Joi.string().required(),
    etag: Joi.string().required(),
    folder: Joi.string().required(),
    for: Joi.valid('STREAM', 'PREVIEW').required(),
    shape: shapeInput.required(),
    segment: Joi.object({
      from: Joi.number().required(),
      to: Joi.number().required(),
      isLast: Joi.boolean().required(),
      number: Joi.number().integer().required(),
    }),
  }),
  queue: 'render',
  run: async (work) => (await import('./encode.ts')).runEncodeSegment(work),
};

/** What a parent job stores until it joins the segments. */
export interface SegmentsState {
  /** The S3 folder for the joined files, without a trailing slash. */
  target: string;
  /** The S3 folder of the segments, with a trailing slash. */
  folder: string;
  plan: SegmentPlan;
}

/** The same for a processing job, with all results except the preview's. */
export interface PreviewState extends SegmentsState {
  processed: Omit<Processed, 'segments'>;
  derivatives: Derivative[];
  checksum: string;
}

/** The claim of the parent job. */
interface Parent {
  job: { _id: UUID };
  token: number;
}

/** Plans the fan-out: a child job for each segment, and one for the sound. */
export function fanOutSegments<S extends object>(
  { job, token }: Parent,
  medium: Pick<Medium, 'filePath'>,
  etag: string,
  purpose: SegmentInput['for'],
  state: S & Omit<SegmentsState, 'folder'>,
): FanOut<S & SegmentsState> {
  const { filePath } = medium;
  // Beside the derivatives; no document refers to it.
  const folder = `${buildWorkPrefix(medium, job._id)}${token}-pieces/`;
  const { plan } = state;
  const common = { filePath, etag, folder, for: purpose, shape: plan.shape };
  const pictures: SegmentInput[] = plan.segments.map((segment, number) => ({
    ...common,
    segment: { ...segment, number },
  }));
  const inputs = [...(plan.hasSound ? [common] : []), ...pictures];
  return { type: encodeSegment, inputs, state: { ...state, folder } };
}

/**
 * In seconds, longer than a lease: by then every worker has noticed that its job ended, and uploads
 * nothing.
 */
const SWEEP_DELAY = 30;

/** Enqueues the deletion of segments that will not be joined. */
export async function discardSegments(tx: Ctx, { target, folder }: SegmentsState): Promise<void> {
  const input = { entity: 'Video', documents: [], folders: [`${target}/`, folder] };
  await enqueue(tx, sweep, { input, delay: SWEEP_DELAY });
}
