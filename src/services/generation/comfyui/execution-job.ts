import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import { findOne } from '../../../data/read.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import type { JobDoc } from '../../../models/jobs/job.ts';
import { computePrice } from '../../billing/prices.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType, Subject } from '../../jobs/job-type.ts';
import { type ExecutionInput, type ExecutionResult, OF_ONE_TRY, OPEN } from './execution-input.ts';
import { abandonRun } from './stop-job.ts';

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
    return [{ set, unset: ['files'], action }];
  },
  resumed: (job) => ({
    where: { job, status: { $in: ['FAILED', 'CANCELLED', 'LOST'] } },
    set: { status: 'QUEUED', stage: 'WAITING', progress: 0 },
    unset: ['error', 'startedAt', 'completedAt', 'minVram', 'outputs', ...OF_ONE_TRY],
    action: 'retry',
  }),
};

/**
 * Follows an execution of a workflow, a step at a time: each run of this job does what comes next, and asks to
 * be woken. So a run of hours needs no function that waits.
 */
export const executeWorkflow: JobType<ExecutionInput, ExecutionResult> = {
  name: 'execute-workflow',
  input: Joi.object<ExecutionInput>({ document: idInput().required() }),
  queue: 'provider',
  subject,
  price: findPrice,
  abandoned: (tx: Ctx, { _id }: Pick<JobDoc, '_id'>, { document }) =>
    abandonRun(tx, { job: _id, execution: document }),
  run: async (work) => (await import('./run-execution.ts')).runExecution(work),
};

/** What its workflow costs, beside what each execution does by the prices of now. */
async function findPrice(ctx: Ctx, { document }: ExecutionInput): Promise<number> {
  const only = (field: string) => ({ projection: { [field]: 1 } });
  const run = await findOne(ctx, ComfyUIWorkflowExecution, { _id: document }, only('workflow'));
  const of = { _id: run?.workflow };
  const workflow = run && (await findOne(ctx, ComfyUIWorkflowConfig, of, only('creditCost')));
  return (workflow?.creditCost ?? 0) + computePrice(ctx, executeWorkflow.name, {});
}
