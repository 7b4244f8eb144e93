import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { getReaders } from '../../../data/readers.ts';
import { invalid } from '../../../errors.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { startRun } from '../../jobs/start-run.ts';
import { executeWorkflow } from './execution-job.ts';
import { findFileValueFaults } from './foreign-files.ts';
import type { ExecutionDoc } from './open-run.ts';
import { chooseValues, type Values } from './parameters.ts';
import { findRevision, keepRevision, type Revision } from './revisions.ts';

/** What a client asks for. */
export interface AskedExecution {
  user: UUID;
  workflow: UUID;
  project?: UUID;
  parameters: Values;
  /** The execution that it repeats, with the revision and the seeds of that. */
  rerunOf?: { _id: UUID; revision: number; seeds: Values };
}

/**
 * Starts an execution of a workflow, as it is now or as an execution before had it.
 * @throws AppError VALIDATION_FAILED naming every fault, INSUFFICIENT_CREDITS
 */
export async function startExecution(ctx: Ctx, asked: AskedExecution): Promise<ExecutionDoc> {
  const { promisedId } = ctx;
  const stored = promisedId && (await findOne(ctx, ComfyUIWorkflowExecution, { _id: promisedId }));
  if (stored) return stored;
  const revision = await findAsked(ctx, asked.workflow, asked.rerunOf?.revision);
  const plan = await planExecution(ctx, asked, revision);
  return startRun(ctx, ComfyUIWorkflowExecution, executeWorkflow, plan);
}

/** Says with what an execution is stored. @throws AppError VALIDATION_FAILED naming every fault */
export async function planExecution(
  ctx: Ctx,
  { user, workflow, project, parameters, rerunOf }: AskedExecution,
  revision: AskedRevision,
): Promise<Record<string, unknown> & { user: UUID }> {
  const given = { ...rerunOf?.seeds, ...parameters };
  const { chosen, faults } = await chooseValues(ctx, revision.parameters, given, user);
  const { values, seeds, inputs } = chosen;
  // Of what has a fault already nothing was chosen: that it names no file of the run either is no news.
  const told = new Set(faults.map(({ path }) => path));
  for (const fault of findFileValueFaults(revision, { ...values, ...seeds })) {
    if (!told.has(fault.path)) faults.push(fault);
  }
  if (!project && revision.outputs.some(({ kind }) => kind === 'TRACK')) {
    faults.push({ path: 'project', message: 'is required: the workflow makes a track' });
  }
  if (faults.length > 0) throw invalid(faults);
  return {
    ...{ user, workflow, workflowRevision: revision.revision, parameters: values, seeds },
    heldGpuSeconds: revision.gpuSeconds,
    ...(project && { project }),
    ...(inputs.length > 0 && { inputs }),
    ...(rerunOf && { rerunOf: rerunOf._id }),
  };
}

/** A revision that is to be executed, with what its workflow says today of its price. */
type AskedRevision = Revision & { gpuSeconds: number; creditCost: number };

/** The revision of a workflow that is to be executed, of one that its caller may read. @throws AppError */
export async function findAsked(ctx: Ctx, _id: UUID, number?: number): Promise<AskedRevision> {
  const readable = getReaders(ComfyUIWorkflowConfig)(ctx.actor);
  const workflow = readable && (await findOne(ctx, ComfyUIWorkflowConfig, { ...readable, _id }));
  if (!workflow) throw invalid([{ path: 'workflow', message: 'there is no such workflow' }]);
  const { gpuSeconds, creditCost } = workflow;
  if (number === undefined || number === workflow.revision) {
    return { ...(await keepRevision(ctx, workflow)), gpuSeconds, creditCost };
  }
  const kept = await findRevision(ctx, _id, number);
  if (!kept) throw invalid([{ path: 'workflow', message: `revision ${number} was not kept` }]);
  return { ...kept, gpuSeconds, creditCost };
}
