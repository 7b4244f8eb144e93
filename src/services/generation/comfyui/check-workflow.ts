import type { Ctx } from '../../../context.ts';
import type { Fault } from '../../../errors.ts';
import { isDrawn } from '../../../models/generation/comfyui/parameter-faults.ts';
import { type Graph, splitPath } from '../../../models/generation/comfyui/workflow-graph.ts';
import {
  takesMedium,
  type WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
import { checkGraph, GIVEN } from './check-graph.ts';
import { checkParameter } from './check-parameter.ts';
import { type NodeCatalog, tryCatalogs } from './node-catalog.ts';
import { readObject } from './protocol.ts';
import type { Revision } from './revisions.ts';

type Checked = Pick<Revision, 'graph' | 'parameters' | 'outputs'>;

/**
 * Holds a workflow against the nodes of the pods that are up, and says what ComfyUI would refuse. One pod that would
 * take it is enough; else the faults at the pod that comes closest. Without any pod nothing is said.
 */
export async function findCatalogFaults(ctx: Ctx, workflow: Checked): Promise<Fault[]> {
  const best = await tryCatalogs(ctx, (catalog) => ({ faults: checkWorkflow(workflow, catalog) }));
  return best?.faults ?? [];
}

/** What a pod with these nodes would refuse of a graph with the defaults of its parameters, and of these themselves. */
export function checkWorkflow(
  { graph, parameters, outputs }: Checked,
  catalog: NodeCatalog,
): Fault[] {
  return [
    ...nameDefaults(checkGraph(putDefaults(graph, parameters), catalog), parameters),
    ...parameters.flatMap((parameter, i) =>
      checkParameter(parameter, graph, catalog).map(({ path, message }) => ({
        ...{ path: `parameters.${i}.${path}`, message },
      })),
    ),
    ...checkOutputs({ graph, outputs }, catalog),
  ];
}

function putDefaults(graph: Graph, parameters: WorkflowParameter[]): Graph {
  const filled = structuredClone(graph);
  for (const { path, type, default: usual, required } of parameters) {
    const { node: id, input } = splitPath(path);
    const node = filled[id];
    if (!node) continue;
    if (usual != null && !takesMedium(type)) node.inputs[input] = usual;
    else if (usual != null || isDrawn(type) || required) node.inputs[input] = GIVEN;
  }
  return filled;
}

/** What is wrong with the value at the path of a default is wrong with that. */
function nameDefaults(faults: Fault[], parameters: WorkflowParameter[]): Fault[] {
  const defaults = new Map(
    parameters.flatMap(({ path, default: usual }, i): [string, string][] =>
      usual == null ? [] : [[`graph.${path}`, `parameters.${i}.default`]],
    ),
  );
  return faults.map(({ path, message }) => ({ path: defaults.get(path) ?? path, message }));
}

function checkOutputs(
  { graph, outputs }: Pick<Checked, 'graph' | 'outputs'>,
  catalog: NodeCatalog,
): Fault[] {
  const classOf = (id: string) => graph[id]?.class_type ?? '';
  // What is not known of a class is no fault of the graph.
  const makesNothing = (id: string) => readObject(catalog[classOf(id)]).output_node === false;
  const faults = outputs.flatMap(({ node }, i): Fault[] =>
    makesNothing(node)
      ? [{ path: `outputs.${i}.node`, message: `${classOf(node)} is no node that makes outputs` }]
      : [],
  );
  const hasNone = Object.keys(graph).every(makesNothing);
  return hasNone
    ? [...faults, { path: 'graph', message: 'has no node that makes outputs' }]
    : faults;
}
