import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import { findOne } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import type { JobDoc } from '../../../models/jobs/job.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType, Subject } from '../../jobs/job-type.ts';
import { abandonRun } from './abandon-run.ts';
import { type ExecutionInput, type ExecutionResult, OF_ONE_TRY, OPEN } from './execution-input.ts';
import { findPrice, PRICED_AS } from './price.ts';

/** The refusal of what only an administrator may end. */
export const heldForReview = () =>
  new AppError('INVALID_STATE', 'It is HELD for review, which only an administrator ends.');

/** The refusal of what has run already: its results may be there, and are to be paid for. */
export const hasRun = () =>
  new AppError('INVALID_STATE', 'It has run: its stage is COLLECTING, which is not cancelled.');

const subject: Subject<ExecutionInput, ExecutionResult> = {
  at: ({ document }) => ({ entity: ComfyUIWorkflowExecution, id: document }),
  waiting: (job) => ({ job, status: { $in: OPEN } }),
  failed: ({ code, message }, now) => {
    const ends: Record<string, [status: string, action: string] | undefined> = {
      CANCELLED: ['CANCELLED', 'cancel'],
      LOST: ['LOST', 'lose'],
    };
    const [status, action] = ends[code] ?? ['FAILED', 'fail'];
    const set = { status, stage: 'DONE', error: { code, message }, completedAt: now };
    const unset = ['files', 'outputs', 'heldFor', 'heldReason'];
    return [{ set, unset, action }];
  },
  resumed: (job) => ({
    where: { job, status: { $in: ['FAILED', 'CANCELLED', 'LOST'] } },
    set: { status: 'QUEUED', stage: 'WAITING', progress: 0 },
    unset: ['error', 'startedAt', 'completedAt', 'minVram', 'allowed', 'outputs', ...OF_ONE_TRY],
    action: 'retry',
  }),
};

/**
 * Follows an execution of a workflow, a step at a time: each run of this job does what comes next, and asks to
 * be woken. So a run of hours needs no function that waits.
 */
export const executeWorkflow: JobType<ExecutionInput, ExecutionResult> = {
  name: PRICED_AS,
  input: Joi.object<ExecutionInput>({ document: idInput().required() }),
  queue: 'provider',
  subject,
  price: findPrice,
  charge: (_, { cost }) => cost ?? 0,
  admitCancel: async (tx, { document }) => {
    const only = { projection: { status: 1, stage: 1 } };
    const found = await findOne(tx, ComfyUIWorkflowExecution, { _id: document }, only);
    if (found?.status === 'HELD') throw heldForReview();
    if (found?.stage === 'COLLECTING') throw hasRun();
  },
  abandoned: (tx: Ctx, { _id }: Pick<JobDoc, '_id'>, { document }) =>
    abandonRun(tx, { job: _id, execution: document }),
  run: async (work) => (await import('./run-execution.ts')).runExecution(work),
};
