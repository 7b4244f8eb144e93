import type { Ctx } from '../../../context.ts';
import type { DocOf } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { getReaders } from '../../../data/readers.ts';
import { invalid } from '../../../errors.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { startRun } from '../../jobs/start-run.ts';
import { executeWorkflow } from './execution-job.ts';
import { chooseValues, type Values } from './parameters.ts';
import { findRevision, keepRevision, type Revision } from './revisions.ts';

export type ExecutionDoc = DocOf<typeof ComfyUIWorkflowExecution>;

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
  const { user, workflow: _id, project, rerunOf } = asked;
  const revision = await findAsked(ctx, _id, rerunOf?.revision);
  if (!project && revision.outputs.some(({ kind }) => kind === 'TRACK')) {
    throw invalid([{ path: 'project', message: 'is required: the workflow makes a track' }]);
  }
  const given = { ...rerunOf?.seeds, ...asked.parameters };
  const { values, seeds, inputs } = await chooseValues(ctx, revision.parameters, given, user);
  return startRun(ctx, ComfyUIWorkflowExecution, executeWorkflow, {
    ...{ user, workflow: _id, workflowRevision: revision.revision, parameters: values, seeds },
    ...(project && { project }),
    ...(inputs.length > 0 && { inputs }),
    ...(rerunOf && { rerunOf: rerunOf._id }),
  });
}

async function findAsked(ctx: Ctx, _id: UUID, number?: number): Promise<Revision> {
  const readable = getReaders(ComfyUIWorkflowConfig)(ctx.actor);
  const workflow = readable && (await findOne(ctx, ComfyUIWorkflowConfig, { ...readable, _id }));
  if (!workflow) throw invalid([{ path: 'workflow', message: 'there is no such workflow' }]);
  if (number === undefined || number === workflow.revision) return keepRevision(ctx, workflow);
  const kept = await findRevision(ctx, _id, number);
  if (!kept) throw invalid([{ path: 'workflow', message: `revision ${number} was not kept` }]);
  return kept;
}
