import { type Graph, splitPath } from '../../../models/generation/comfyui/workflow-graph.ts';
import type { WorkflowParameter } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { findRange } from './parameters.ts';
import type { Revision } from './revisions.ts';
import { findRunFolder, saveIntoFolder } from './run-folder.ts';

/** An input that no node has: it changes the signature by which ComfyUI finds results in its cache. */
export const NONCE_INPUT = 'run_nonce';

/** The graph of a revision with these values at the paths of its parameters: what is asked for, wherever it stands. */
export function setValues(
  { graph, parameters }: Pick<Revision, 'graph' | 'parameters'>,
  values: Record<string, unknown>,
): Graph {
  const filled = structuredClone(graph);
  for (const { name, type, path } of parameters) {
    const { node, input } = splitPath(path);
    if (type !== 'NONCE' && Object.hasOwn(values, name) && filled[node]) {
      filled[node].inputs[input] = values[name];
    }
  }
  return filled;
}

/**
 * The graph of a revision with these values at the paths of its parameters. Its outputs get a nonce, so that
 * they are written anew, where all was cached: else a run succeeds without a file. What it saves goes into a folder
 * of its own.
 * @param values by name; of media the name under which the pod has the file
 * @param nonce the id of the run at its pod
 */
export function fillGraph(
  { graph, parameters, outputs }: Pick<Revision, 'graph' | 'parameters' | 'outputs'>,
  values: Record<string, unknown>,
  nonce: string,
): Graph {
  const filled = setValues({ graph, parameters }, values);
  for (const parameter of parameters) {
    const { node: id, input } = splitPath(parameter.path);
    const node = filled[id];
    if (!node || parameter.type !== 'NONCE') continue;
    const isNumber = isNumericNonce(parameter, node.inputs[input]);
    node.inputs[input] = isNumber ? makeNumber(parameter, nonce) : nonce;
  }
  for (const { node } of outputs) {
    const output = filled[node];
    if (output) output.inputs[NONCE_INPUT] = nonce;
  }
  for (const node of Object.values(filled)) saveIntoFolder(node, findRunFolder(nonce));
  return filled;
}

/**
 * Whether a nonce is a number: nodes take a text or a number for one, and what the graph has there, or that it has
 * bounds, says which.
 */
export function isNumericNonce({ min, max }: WorkflowParameter, before: unknown): boolean {
  return typeof before === 'number' || min != null || max != null;
}

/** A number within the bounds of a nonce, by the last twelve digits of the id of a run. */
function makeNumber(parameter: WorkflowParameter, nonce: string): number {
  const [least, most] = findRange(parameter);
  return least + (Number.parseInt(nonce.slice(-12), 16) % (most - least + 1));
}
