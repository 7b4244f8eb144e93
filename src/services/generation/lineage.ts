import { idText } from '../../data/ids.ts';
import type { Graph } from '../../models/generation/comfyui/workflow-graph.ts';
import type { OpenRun } from './comfyui/open-run.ts';

/** What outputs are said to be, by IPTC's list. */
export const GENERATED = 'trainedAlgorithmicMedia';

/** The most files of models that are named. */
const MOST_MODELS = 40;
/** What files of models are called. */
const MODEL_FILE = /\.(safetensors|ckpt|pt|pth|bin|gguf|sft|onnx)$/i;

/** How a medium was generated: nothing of it tells what was asked for. */
export async function describeLineage(
  run: OpenRun,
  node: string,
): Promise<Record<string, unknown>> {
  const { _id, workflow, workflowRevision, seeds } = run.document;
  const revision = await run.readRevision();
  return {
    generator: 'COMFYUI',
    digitalSourceType: GENERATED,
    execution: idText(_id),
    workflow: idText(workflow),
    revision: workflowRevision,
    ...(revision && { graphHash: revision.graphHash, models: listModels(revision.graph) }),
    ...(seeds && { seeds }),
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
