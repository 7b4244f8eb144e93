import type { Ctx } from '../../../context.ts';
import { findMany } from '../../../data/read.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { type Graph, splitPath } from '../../../models/generation/comfyui/workflow-graph.ts';
import { takesMedium } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { checkGraph, GIVEN } from './check-graph.ts';
import { fillGraph } from './fill-graph.ts';
import { readCatalog } from './node-catalog.ts';
import type { ExecutionDoc } from './open-run.ts';
import type { PodDoc } from './pods.ts';
import type { Revision } from './revisions.ts';

/** The most pods that are looked at for one run. */
const MOST_PODS = 100;

/** What a pod must have for a run. */
export interface Needs {
  /** The classes of nodes. */
  classes: ReadonlySet<string>;
  /** What it is to run, without the inputs that are files of ours: these are sent along. */
  graph?: Graph;
  /** More than so many bytes of video memory. */
  vramAbove?: number | undefined;
  /** Pods that have refused it, or are not to be asked again. */
  without?: ReadonlySet<string>;
}

/** A pod that has the nodes and the memory for a run. */
export interface AblePod {
  pod: PodDoc;
  /** Whether it would refuse values of the graph, as far as is known of it: a model that it does not have. */
  isDoubtful: boolean;
}

/** What the execution of a revision with these values needs of a pod. */
export function describeNeeds(
  { minVram, refusals }: ExecutionDoc,
  revision: Revision,
  values: Record<string, unknown>,
): Needs {
  const given = revision.parameters.filter(({ type }) => !takesMedium(type));
  const graph = fillGraph({ ...revision, parameters: given }, values, '');
  for (const { path, type } of revision.parameters) {
    const { node, input } = splitPath(path);
    const isLater = takesMedium(type) || type === 'NONCE';
    if (isLater && graph[node]) graph[node].inputs[input] = GIVEN;
  }
  return {
    classes: new Set(Object.values(graph).map((node) => node.class_type)),
    graph,
    vramAbove: minVram ?? undefined,
    without: new Set((refusals ?? []).map(({ pod }) => pod.toString())),
  };
}

/** Lists the pods that take work and have what a run needs, whether they answer at the moment or not. */
export async function listAblePods(
  ctx: Ctx,
  { classes, graph, vramAbove, without }: Needs,
  filter: Record<string, unknown> = {},
): Promise<AblePod[]> {
  const takers = await findMany(
    ctx,
    ComfyUIPod,
    {
      status: { $in: ['STARTING', 'READY', 'BUSY', 'UNREACHABLE'] },
      isDraining: false,
      ...filter,
    },
    { limit: MOST_PODS, projection: { capabilities: 0 } },
  );
  const able: AblePod[] = [];
  for (const pod of takers) {
    if (without?.has(pod._id.toString())) continue;
    if (vramAbove !== undefined && (pod.vramTotal ?? 0) <= vramAbove) continue;
    const catalog = await readCatalog(ctx, pod._id);
    // One whose nodes are not known yet may have them.
    if (catalog && ![...classes].every((name) => Object.hasOwn(catalog, name))) continue;
    const isDoubtful = Boolean(catalog && graph && checkGraph(graph, catalog, true).length > 0);
    able.push({ pod, isDoubtful });
  }
  return able;
}
