import Joi from 'joi';
import type { UUID } from '../../data/ids.ts';
import { Export } from '../../models/exports/export.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { runSubject } from '../jobs/run-subject.ts';
import { discardSegments, type ExportState } from './segments/segment-job.ts';

export interface ExportInput {
  document: UUID;
}

/** The result of a job that exports. */
export interface ExportResult {
  document: UUID;
  /** In bytes. */
  size: number;
}

const subject = {
  ...runSubject<ExportInput, ExportResult>(Export, { statuses: { running: 'PROCESSING' } }),
  progress: 'progress',
};

/** Renders an export into a file. The document becomes COMPLETED in the transaction that completes the job. */
export const renderExport: JobType<ExportInput, ExportResult, ExportState> = {
  name: 'export',
  input: Joi.object<ExportInput>({ document: idInput().required() }),
  queue: 'render',
  subject: { ...subject, completed: undefined } as typeof subject,
  run: async (work) => (await import('./run.ts')).runExport(work),
  afterParts: async (work, results, state) =>
    (await import('./segments/join.ts')).joinExport(work, results, state),
  discardParts: discardSegments,
};
