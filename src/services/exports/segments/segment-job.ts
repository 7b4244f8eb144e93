import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { enqueue } from '../../jobs/queue.ts';
import { sweep } from '../../removal/sweep-job.ts';

/** The input of a child job that renders some segments of a long video. */
export interface SegmentsInput {
  /** The S3 folder of the script and of the files that it names, with a trailing slash. */
  folder: string;
  /** The first segment, and the one after the last. */
  from: number;
  to: number;
}

export interface SegmentsResult {
  /** S3 keys by the file names that joining expects. */
  keys: Record<string, string>;
}

/** What the job of an export keeps until its segments are joined. */
export interface ExportState {
  folder: string;
  /** As measured of the encoded sound. */
  loudness: object;
  fingerprint: string;
}

/** Renders some segments of an export; the parent job joins them. */
export const renderSegments: JobType<SegmentsInput, SegmentsResult> = {
  name: 'render-segments',
  input: Joi.object<SegmentsInput>({
    folder: Joi.string().required(),
    from: Joi.number().integer().required(),
    to: Joi.number().integer().required(),
  }),
  queue: 'render',
  run: async (work) => (await import('./render-segments.ts')).runRenderSegments(work),
};

/** In seconds, longer than a lease: by then every worker has noticed that its job ended. */
const SWEEP_DELAY = 30;

/** Enqueues the deletion of segments that will not be joined. */
export async function discardSegments(tx: Ctx, { folder }: ExportState): Promise<void> {
  const input = { entity: 'Export', documents: [], folders: [folder] };
  await enqueue(tx, sweep, { input, delay: SWEEP_DELAY });
}
