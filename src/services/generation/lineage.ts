import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { isDrawn } from '../../models/generation/comfyui/parameter-faults.ts';
import type { Graph } from '../../models/generation/comfyui/workflow-graph.ts';
import type { WorkflowParameter } from '../../models/generation/comfyui/workflow-parameter.ts';
import { readInputUse } from './comfyui/file-inputs.ts';
import { setValues } from './comfyui/fill-graph.ts';
import type { OpenRun } from './comfyui/open-run.ts';
import { readValues } from './comfyui/stored-fields.ts';

/** What outputs are said to be, by IPTC's list. */
export const GENERATED = 'trainedAlgorithmicMedia';

/** The most files of models that are named. */
const MOST_MODELS = 40;
/** What files of models are called: where there is a space it may be a sentence. */
const MODEL_FILE = /^\S+\.(safetensors|ckpt|pt|pth|bin|gguf|sft|onnx)$/i;

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
  const graph = revision && setValues(revision, await readValues(ctx, run.document));
  const ownSeeds = graph && listSeeds(graph, revision.parameters);
  const allSeeds = { ...ownSeeds, ...(seeds as object | undefined) };
  return {
    generator: 'COMFYUI',
    digitalSourceType: GENERATED,
    execution: idText(_id),
    workflow: idText(workflow),
    revision: workflowRevision,
    ...(graph && { graphHash: revision.graphHash, models: listModels(graph, revision.parameters) }),
    ...(Object.keys(allSeeds).length > 0 && { seeds: allSeeds }),
    node,
  };
}

/**
 * The files of models that a graph names. A text that somebody has written may end as such a file does: so none of an
 * input for texts is taken, and of a parameter only what its workflow has for it.
 */
export function listModels(graph: Graph, parameters: WorkflowParameter[]): string[] {
  const setBy = new Map(parameters.map((parameter) => [parameter.path, parameter]));
  const named = Object.entries(graph).flatMap(([id, { class_type, inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]) => {
      if (typeof value !== 'string' || !MODEL_FILE.test(value)) return [];
      const parameter = setBy.get(`${id}.inputs.${input}`);
      const isOwn = !parameter || parameter.default === value || parameter.enum?.includes(value);
      return isOwn && readInputUse(class_type, input, undefined) !== 'TEXT' ? [value] : [];
    }),
  );
  return [...new Set(named)].map((name) => name.slice(0, 255)).slice(0, MOST_MODELS);
}

/** The seeds of a graph that no parameter draws, by node and input: `4:noise_seed`. */
export function listSeeds(graph: Graph, parameters: WorkflowParameter[]): Record<string, number> {
  const named = new Set(parameters.filter(({ type }) => isDrawn(type)).map(({ path }) => path));
  const found = Object.entries(graph).flatMap(([id, { inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]): [string, number][] => {
      const isSeed = typeof value === 'number' && SEED_INPUT.test(input);
      return isSeed && !named.has(`${id}.inputs.${input}`) ? [[`${id}:${input}`, value]] : [];
    }),
  );
  const short = found.filter(([name]) => name.length <= 64 && !/[.$]/.test(name));
  return Object.fromEntries(short.slice(0, MOST_SEEDS));
}
