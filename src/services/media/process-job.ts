import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { newId, type UUID } from '../../data/ids.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { getKind, type MediaKindName } from '../../models/media/media-fields.ts';
import { importProject } from '../exports/import/import-job.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { enqueue } from '../jobs/queue.ts';
import { isImport, isVersion, type Medium } from './medium.ts';
import { mediumSubject, type ProcessInput } from './medium-subject.ts';
import { discardSegments, type PreviewState } from './segments/encode-job.ts';

// The job types that process a medium, one for each kind. Decoders are large, so each is imported
// when its first job runs, and never by a function that only enqueues.

/** The result of such a job. */
export interface ProcessResult {
  document: UUID;
  superseded: false;
}

type ProcessJob = JobType<ProcessInput, ProcessResult, PreviewState>;

const common = {
  input: Joi.object<ProcessInput>({
    entity: Joi.string().required(),
    document: idInput().required(),
    etag: Joi.string().required(),
  }),
  queue: 'media',
  subject: mediumSubject,
} as const;

const runAudio: ProcessJob['run'] = async (work) => {
  const { processAudio } = await import('./audio/process.ts');
  return (await import('./process.ts')).processMedium(work, processAudio);
};

export const processTrack: ProcessJob = { ...common, name: 'process-track', run: runAudio };
export const processAudio: ProcessJob = { ...common, name: 'process-audio', run: runAudio };

export const processImage: ProcessJob = {
  ...common,
  name: 'process-image',
  // In seconds, far more than the largest image takes: the decoder runs inside this process and may
  // hang.
  timeout: 90,
  run: async (work) => {
    const { processImage: decode } = await import('./image/process.ts');
    const { abandonWhenAborted } = await import('./decode-timeout.ts');
    return (await import('./process.ts')).processMedium(work, abandonWhenAborted(decode));
  },
};

export const processVideo: ProcessJob = {
  ...common,
  name: 'process-video',
  run: async (work) => {
    const { processVideo: decode } = await import('./video/process.ts');
    return (await import('./process.ts')).processMedium(work, decode);
  },
  afterParts: async (work, results, state) =>
    (await import('./segments/join-preview.ts')).joinPreview(work, results, state),
  discardParts: discardSegments,
};

const typesByKind: Record<MediaKindName, ProcessJob> = {
  TRACK: processTrack,
  AUDIO: processAudio,
  IMAGE: processImage,
  VIDEO: processVideo,
};

/** A job that will process a medium's bytes. */
export interface PlannedProcessing {
  /**
   * Assigned in advance, because the medium stores it as `object.job`: only this job may change it.
   */
  id: UUID;
  /** Writes the job, in the transaction that changes the medium. */
  enqueue(tx: Ctx, how?: { isAsked?: boolean; startedBy?: UUID }): Promise<JobDoc>;
}

/** Plans the job that processes the bytes with this ETag. */
export function planProcessing(
  ctx: Ctx,
  entity: Entity<Medium>,
  { _id: document, user, project, kind }: Medium,
  etag: string,
): PlannedProcessing {
  const type = isImport(entity)
    ? importProject
    : typesByKind[(isVersion(entity) ? kind : getKind(entity)) as MediaKindName];
  const id = newId(ctx.clock());
  const input = { entity: entity.name, document, etag };
  return {
    id,
    enqueue: (tx, how) =>
      enqueue(tx, type as JobType<ProcessInput>, { _id: id, input, user, project, ...how }),
  };
}
