import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import type { FanOut, JobType } from '../../jobs/job-type.ts';
import { enqueue } from '../../jobs/queue.ts';
import { sweep } from '../../removal/sweep.ts';
import { workPrefix } from '../keys.ts';
import type { Derivative, Medium } from '../medium.ts';
import type { Processed } from '../processor.ts';
import type { Segment, SegmentPlan } from '../video/segment-plan.ts';
import { type Shape, shapeInput } from '../video/shape.ts';

/** What a child job is told that encodes a segment of a video, or, without one, the sound of the whole. */
export interface SegmentInput {
  filePath: string;
  /** Of the bytes that are to be encoded. */
  etag: string;
  /** Where the files go: a prefix that ends in a slash. */
  folder: string;
  /** In the sizes of a stream, or in that of the preview. */
  for: 'STREAM' | 'PREVIEW';
  shape: Shape;
  segment?: Segment & { number: number };
}

/** What such a job made. */
export interface SegmentResult {
  /** Keys in S3 by the names that the files have where they are joined. */
  keys: Record<string, string>;
  /** What was heard, of a sound. */
  facts?: object;
}

/** Encodes one segment of a video, for the job that joins them. */
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
  queue: 'media',
  run: async (work) => (await import('./encode.ts')).encode(work),
};

/** What a job keeps that waits for segments to join. */
export interface SegmentsState {
  /** Where what is joined goes; without a slash at its end. */
  target: string;
  /** Where the segments are: a prefix that ends in a slash. */
  folder: string;
  plan: SegmentPlan;
}

/** The same of a video's processing: what is known of it before its preview is encoded. */
export interface PreviewState extends SegmentsState {
  processed: Omit<Processed, 'segments'>;
  derivatives: Derivative[];
  checksum: string;
}

/** The claim that leaves the encoding to child jobs. */
interface Parent {
  job: { _id: UUID };
  token: number;
}

/** Leaves the encoding of a plan's segments, and of its sound, to child jobs. */
export function fanOutSegments<S extends object>(
  { job, token }: Parent,
  medium: Pick<Medium, 'filePath'>,
  etag: string,
  purpose: SegmentInput['for'],
  state: S & Omit<SegmentsState, 'folder'>,
): FanOut<S & SegmentsState> {
  const { filePath } = medium;
  // Beside the derivatives, known to no document.
  const folder = `${workPrefix(medium, job._id)}${token}-pieces/`;
  const { plan } = state;
  const common = { filePath, etag, folder, for: purpose, shape: plan.shape };
  const pictures: SegmentInput[] = plan.segments.map((segment, number) => ({
    ...common,
    segment: { ...segment, number },
  }));
  const inputs = [...(plan.hasSound ? [common] : []), ...pictures];
  return { type: encodeSegment, inputs, state: { ...state, folder } };
}

/** After so long every worker has heard that its job has ended, in s: longer than a lease. */
const NOTICED = 30;

/** Has deleted what was made by segments that will not be joined. */
export async function discardSegments(tx: Ctx, { target, folder }: SegmentsState): Promise<void> {
  const input = { entity: 'Video', documents: [], folders: [`${target}/`, folder] };
  await enqueue(tx, sweep, { input, delay: NOTICED });
}
