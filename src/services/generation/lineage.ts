import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import type { Graph } from '../../models/generation/comfyui/workflow-graph.ts';
import type { WorkflowParameter } from '../../models/generation/comfyui/workflow-parameter.ts';
import { fillGraph } from './comfyui/fill-graph.ts';
import type { OpenRun } from './comfyui/open-run.ts';
import { readValues } from './comfyui/stored-fields.ts';

/** What outputs are said to be, by IPTC's list. */
export const GENERATED = 'trainedAlgorithmicMedia';

/** The most files of models that are named. */
const MOST_MODELS = 40;
/** What files of models are called. */
const MODEL_FILE = /\.(safetensors|ckpt|pt|pth|bin|gguf|sft|onnx)$/i;

/** The most seeds that are named which a graph has by itself, and what its inputs are called. */
const MOST_SEEDS = 40;
const SEED_INPUT = /^(.*_)?seed$/i;

/** How a medium was generated, by the graph as it was run: nothing of it tells what was asked for. */
export async function describeLineage(
  ctx: Ctx,
  run: OpenRun,
  node: string,
): Promise<Record<string, unknown>> {
  const { _id, workflow, workflowRevision, seeds } = run.document;
  const revision = await run.readRevision();
  const graph = revision && fillGraph(revision, await readValues(ctx, run.document), '');
  const ownSeeds = graph && listSeeds(graph, revision.parameters);
  const allSeeds = { ...ownSeeds, ...(seeds as object | undefined) };
  return {
    generator: 'COMFYUI',
    digitalSourceType: GENERATED,
    execution: idText(_id),
    workflow: idText(workflow),
    revision: workflowRevision,
    ...(graph && { graphHash: revision.graphHash, models: listModels(graph) }),
    ...(Object.keys(allSeeds).length > 0 && { seeds: allSeeds }),
    node,
  };
}

/** The files of models that a graph names. */
export function listModels(graph: Graph): string[] {
  const named = Object.values(graph).flatMap(({ inputs }) =>
    Object.values(inputs).filter((v): v is string => typeof v === 'string' && MODEL_FILE.test(v)),
  );
  return [...new Set(named)].map((name) => name.slice(0, 255)).slice(0, MOST_MODELS);
}

/** The seeds of a graph that are no seeds of parameters, by node and input: `4:noise_seed`. */
export function listSeeds(graph: Graph, parameters: WorkflowParameter[]): Record<string, number> {
  const named = new Set(parameters.filter(({ type }) => type === 'SEED').map(({ path }) => path));
  const found = Object.entries(graph).flatMap(([id, { inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]): [string, number][] => {
      const isSeed = typeof value === 'number' && SEED_INPUT.test(input);
      return isSeed && !named.has(`${id}.inputs.${input}`) ? [[`${id}:${input}`, value]] : [];
    }),
  );
  const short = found.filter(([name]) => name.length <= 64 && !/[.$]/.test(name));
  return Object.fromEntries(short.slice(0, MOST_SEEDS));
}
