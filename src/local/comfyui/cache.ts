import type { Files } from './files.ts';
import { hashBytes } from './files.ts';
import { type Graph, isLink } from './graph.ts';
import { findClass } from './nodes/classes.ts';

/**
 * Computes what each node of a prompt is made from: its class, its values, and the same of the nodes
 * that it takes from, whatever their ids are. Inputs that the class does not know count, too, as they
 * do in ComfyUI: such an input makes a node run again.
 */
export function computeSignatures(graph: Graph, files: Files): Map<string, string> {
  const signatures = new Map<string, string>();

  function sign(id: string): string {
    const known = signatures.get(id);
    if (known) return known;
    const node = graph[id];
    if (!node) return `missing ${id}`;
    const inputs = Object.keys(node.inputs)
      .sort()
      .map((name) => {
        const value = node.inputs[name];
        return [name, isLink(value) ? ['ANCESTOR', sign(value[0]), value[1]] : value];
      });
    const changed = findClass(node.class_type)?.fingerprint?.(node.inputs, files) ?? false;
    const signature = hashBytes(Buffer.from(JSON.stringify([node.class_type, changed, inputs])));
    signatures.set(id, signature);
    return signature;
  }

  for (const id of Object.keys(graph)) sign(id);
  return signatures;
}
