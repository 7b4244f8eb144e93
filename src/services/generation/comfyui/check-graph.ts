import type { Ctx } from '../../../context.ts';
import type { Fault } from '../../../errors.ts';
import {
  type Graph,
  type GraphNode,
  isLink,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import { type NodeCatalog, tryCatalogs } from './node-catalog.ts';
import { readObject } from './protocol.ts';

/**
 * Holds a graph against the nodes of the pods that are up, and says what ComfyUI would refuse. One pod that would
 * take it is enough; else the faults at the pod that comes closest. Without any pod nothing is said.
 */
export async function findCatalogFaults(ctx: Ctx, graph: Graph): Promise<Fault[]> {
  const best = await tryCatalogs(ctx, (catalog) => ({ faults: checkGraph(graph, catalog) }));
  return best?.faults ?? [];
}

/**
 * What a pod with these nodes would refuse of a graph: each fault names the node and the input.
 * @param hasFiles whether files of models must be among those of the pod; else another pod may have them
 */
export function checkGraph(graph: Graph, catalog: NodeCatalog, hasFiles = false): Fault[] {
  return Object.entries(graph).flatMap(([id, node]): Fault[] => {
    if (!Object.hasOwn(catalog, node.class_type)) {
      const message = `no pod has a node ${node.class_type}`;
      return [{ path: `graph.${id}.class_type`, message }];
    }
    return checkInputs(id, node, graph, catalog, hasFiles);
  });
}

function checkInputs(
  id: string,
  { class_type, inputs }: GraphNode,
  graph: Graph,
  catalog: NodeCatalog,
  hasFiles: boolean,
): Fault[] {
  const { required, optional } = readObject(readObject(catalog[class_type]).input);
  const declared = { ...readObject(optional), ...readObject(required) };
  const at = (input: string) => `graph.${id}.inputs.${input}`;
  const missing = Object.keys(readObject(required)).filter(
    // Some nodes take an input in parts: `images.image0`.
    (name) => !Object.keys(inputs).some((given) => given === name || given.startsWith(`${name}.`)),
  );
  const faults = Object.entries(inputs).flatMap(([name, value]): Fault[] => {
    if (!Object.hasOwn(declared, name)) return [];
    const message = isLink(value)
      ? findLinkFault(value, declared[name], graph, catalog)
      : findValueFault(value, declared[name], hasFiles);
    return message ? [{ path: at(name), message: `${class_type}: ${message}` }] : [];
  });
  return [
    ...missing.map((name) => ({ path: at(name), message: `${class_type}: is required` })),
    ...faults,
  ];
}

/** The type of an input, and what else is said of it: `["INT", { min: 0 }]`, `[["a", "b"]]`. */
function readDeclaration(declaration: unknown): {
  type: unknown;
  options: Record<string, unknown>;
} {
  const [type, options] = Array.isArray(declaration) ? declaration : [];
  return { type, options: readObject(options) };
}

function findLinkFault(
  [from, slot]: [string, number],
  declaration: unknown,
  graph: Graph,
  catalog: NodeCatalog,
): string | undefined {
  const source = graph[from];
  const outputs = readObject(catalog[source?.class_type ?? '']).output;
  if (!source || !Array.isArray(outputs)) return undefined;
  if (slot < 0 || slot >= outputs.length) return `node ${from} has no output ${slot}`;
  const { type } = readDeclaration(declaration);
  const given = outputs[slot];
  if (typeof type !== 'string' || typeof given !== 'string') return undefined;
  if (type === '*' || given === '*' || type === 'COMBO' || type.startsWith('COMFY_')) {
    return undefined;
  }
  const kinds = given.split(',');
  const isTaken = type.split(',').some((one) => kinds.includes(one) || kinds.includes('*'));
  return isTaken ? undefined : `takes ${type}, not the ${given} of node ${from}`;
}

function findValueFault(
  value: unknown,
  declaration: unknown,
  hasFiles: boolean,
): string | undefined {
  const { type, options } = readDeclaration(declaration);
  if (type === 'INT' || type === 'FLOAT') {
    const number = Number(value);
    if (value === null || value === '' || Number.isNaN(number)) return 'must be a number';
    if (typeof options.min === 'number' && number < options.min) {
      return `must be at least ${options.min}`;
    }
    if (typeof options.max === 'number' && number > options.max) {
      return `must be at most ${options.max}`;
    }
    return undefined;
  }
  const choices = Array.isArray(type) ? type : type === 'COMBO' ? options.options : undefined;
  if (!Array.isArray(choices) || choices.includes(value)) return undefined;
  // Inputs are sent along, and pods differ in the files of their models.
  const isInput = options.image_upload || options.audio_upload || options.video_upload;
  if (isInput || (!hasFiles && FILE.test(String(value)))) return undefined;
  return choices.length > 20 ? 'is none of its values' : `must be one of: ${choices.join(', ')}`;
}

const FILE = /\.[a-z0-9]{2,12}$/i;
