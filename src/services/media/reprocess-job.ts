import Joi from 'joi';
import type { UUID } from '../../data/ids.ts';
import { MEDIA_KINDS, type MediaKindName } from '../../models/media/media-fields.ts';
import { owner } from '../../rules.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { forgetStarted, stopStarted } from '../jobs/stop-started-job.ts';

export interface ReprocessInput {
  kind: MediaKindName;
  media: UUID[];
}

export interface ReprocessResult {
  /** How many were processed anew, or were to be. */
  started: number;
  /** How many are not there, or are neither READY nor FAILED. */
  skipped: number;
  /** How many of those that were started have not been processed. */
  failed: number;
}

const input = Joi.object<ReprocessInput>({
  kind: Joi.string()
    .valid(...Object.keys(MEDIA_KINDS))
    .required(),
  media: Joi.array().items(idInput()).min(1).max(200).required(),
});

/**
 * Analyses the bytes of many media again, each by a job of its own: it is as far as they are, and whoever cancels it
 * cancels them.
 */
export const reprocessMedia: JobType<ReprocessInput, ReprocessResult> = {
  name: 'reprocess',
  input,
  queue: 'upkeep',
  startable: { body: input, rule: owner },
  abandoned: stopStarted,
  retried: forgetStarted,
  run: async (work) => (await import('./reprocess-many.ts')).reprocessMany(work),
};
