import { type Graph, splitPath } from '../../../models/generation/comfyui/workflow-graph.ts';
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
    if (type !== 'NONCE' && name in values && filled[node]) {
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
  for (const { type, path } of parameters) {
    const { node: id, input } = splitPath(path);
    const node = filled[id];
    // Nodes take a text or a number for a nonce; what the graph has there says which.
    if (node && type === 'NONCE') node.inputs[input] = makeNonce(node.inputs[input], nonce);
  }
  for (const { node } of outputs) {
    const output = filled[node];
    if (output) output.inputs[NONCE_INPUT] = nonce;
  }
  for (const node of Object.values(filled)) saveIntoFolder(node, findRunFolder(nonce));
  return filled;
}

function makeNonce(before: unknown, nonce: string): unknown {
  return typeof before === 'number'
    ? Number.parseInt(nonce.replaceAll('-', '').slice(-12), 16)
    : nonce;
}
