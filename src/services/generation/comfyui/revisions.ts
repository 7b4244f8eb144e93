import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../canonical-json.ts';
import type { Ctx } from '../../../context.ts';
import type { DocOf } from '../../../data/entity.ts';
import { newId, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { insert } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import type { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import type { Graph } from '../../../models/generation/comfyui/workflow-graph.ts';
import type {
  WorkflowOutput,
  WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
import { ComfyUIWorkflowRevision } from '../../../models/generation/comfyui/workflow-revision.ts';
import {
  readRevisionGraph,
  readRevisionParameters,
  readWorkflowGraph,
  readWorkflowParameters,
} from './stored-fields.ts';

export type WorkflowDoc = DocOf<typeof ComfyUIWorkflowConfig>;

/** A workflow as it is executed. */
export interface Revision {
  workflow: UUID;
  revision: number;
  graph: Graph;
  parameters: WorkflowParameter[];
  outputs: WorkflowOutput[];
  graphHash: string;
}

/**
 * Keeps a workflow as it is now, if that is not kept yet. It is called after each write, and before each
 * execution: what was lost to a crash between was never executed.
 */
export async function keepRevision(ctx: Ctx, workflow: WorkflowDoc): Promise<Revision> {
  const found = await findRevision(ctx, workflow._id, workflow.revision);
  if (found) return found;
  const graph = await readWorkflowGraph(ctx, workflow);
  const { revision, user } = workflow;
  const parameters = await readWorkflowParameters(ctx, workflow);
  const outputs = workflow.outputs as WorkflowOutput[];
  const kept = { workflow: workflow._id, revision, graph, parameters, outputs };
  const graphHash = hashGraph(graph);
  try {
    // An id of its own: one that was promised to a request is that of what the request makes.
    await insert({ ...ctx, promisedId: undefined }, ComfyUIWorkflowRevision, {
      ...kept,
      ...{ _id: newId(ctx.clock()), graphHash, user },
    });
  } catch (error) {
    // Another request keeps the same.
    if (!(error instanceof AppError && error.code === 'DUPLICATE')) throw error;
  }
  return { ...kept, graphHash };
}

/** A revision of a workflow, whole; null where it was never kept. */
export async function findRevision(
  ctx: Ctx,
  workflow: UUID,
  revision: number,
): Promise<Revision | null> {
  const found = await findOne(ctx, ComfyUIWorkflowRevision, { workflow, revision });
  if (!found) return null;
  const graph = await readRevisionGraph(ctx, found);
  const parameters = await readRevisionParameters(ctx, found);
  return { ...(found as unknown as Revision), graph, parameters };
}

/** SHA-256 of a graph as canonical JSON: that of what is run, without the values of parameters. */
function hashGraph(graph: Graph): string {
  return createHash('sha256').update(canonicalJson(graph)).digest('hex');
}
