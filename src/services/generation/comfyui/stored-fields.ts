import type { Ctx } from '../../../context.ts';
import { decryptField, isCiphertext } from '../../../data/encrypted-fields.ts';
import type { Entity } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import type { Graph } from '../../../models/generation/comfyui/workflow-graph.ts';
import type { WorkflowParameter } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { ComfyUIWorkflowRevision } from '../../../models/generation/comfyui/workflow-revision.ts';

// The one place where graphs, prompts and parameters are read from what is stored: they are, or may be,
// encrypted, and go into no log, message or error.

type Stored = { _id: UUID; user?: UUID | null };

/** The graph of a workflow. */
export function readWorkflowGraph(ctx: Ctx, workflow: Stored): Promise<Graph> {
  return readField(ctx, ComfyUIWorkflowConfig as Entity, workflow, 'graph');
}

/** What an execution of a workflow may set. */
export function readWorkflowParameters(ctx: Ctx, workflow: Stored): Promise<WorkflowParameter[]> {
  return readField(ctx, ComfyUIWorkflowConfig as Entity, workflow, 'parameters');
}

/** What an execution of a revision may set. */
export function readRevisionParameters(ctx: Ctx, revision: Stored): Promise<WorkflowParameter[]> {
  return readField(ctx, ComfyUIWorkflowRevision as Entity, revision, 'parameters');
}

/** The graph of a revision. */
export function readRevisionGraph(ctx: Ctx, revision: Stored): Promise<Graph> {
  return readField(ctx, ComfyUIWorkflowRevision as Entity, revision, 'graph');
}

/** The values that an execution was given, by the names of parameters. */
export function readParameters(ctx: Ctx, execution: Stored): Promise<Record<string, unknown>> {
  return readField(ctx, ComfyUIWorkflowExecution as Entity, execution, 'parameters');
}

/** The values and the seeds that an execution runs with. */
export async function readValues(
  ctx: Ctx,
  execution: Stored & { seeds?: unknown },
): Promise<Record<string, unknown>> {
  return { ...(await readParameters(ctx, execution)), ...(execution.seeds as object | undefined) };
}

async function readField<T>(ctx: Ctx, entity: Entity, document: Stored, path: string): Promise<T> {
  const value = (document as Record<string, unknown>)[path];
  if (!isCiphertext(value)) return value as T;
  return (await decryptField<T>(ctx, entity, document, path)) as T;
}
