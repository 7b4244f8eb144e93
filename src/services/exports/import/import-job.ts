import Joi from 'joi';
import type { UUID } from '../../../data/ids.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { mediumSubject, type ProcessInput } from '../../media/medium-subject.ts';

export interface ImportResult {
  document: UUID;
  project: UUID;
}

/** Makes an uploaded ZIP into a project. */
export const importProject: JobType<ProcessInput, ImportResult> = {
  name: 'import-project',
  input: Joi.object<ProcessInput>({
    entity: Joi.string().required(),
    document: idInput().required(),
    etag: Joi.string().required(),
  }),
  queue: 'render',
  subject: mediumSubject,
  run: async (work) => (await import('./import-project.ts')).runImport(work),
};
