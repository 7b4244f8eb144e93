import type { Fault } from '../../../errors.ts';
import {
  type Graph,
  type GraphNode,
  isLink,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import type { NodeCatalog } from './node-catalog.ts';
import { readObject } from './protocol.ts';
import { readText } from './read-text.ts';

/** Stands for a value that a run is given: as with the link to a node that is not there, nothing is known of it. */
export const GIVEN = ['', 0];

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
  const { required, declared } = readInputs(class_type, catalog);
  const at = (input: string) => `graph.${id}.inputs.${input}`;
  const missing = Object.keys(required).filter(
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

function readInputs(classType: string, catalog: NodeCatalog) {
  const input = readObject(readObject(catalog[classType]).input);
  const required = readObject(input.required);
  return { required, declared: { ...readObject(input.optional), ...required } };
}

/** What a pod says of an input; 'PART' of `images.image0`, where it says it of `images`; undefined where there is none. */
export function findDeclaration(classType: string, input: string, catalog: NodeCatalog): unknown {
  const { declared } = readInputs(classType, catalog);
  if (Object.hasOwn(declared, input)) return declared[input];
  const isPart = Object.keys(declared).some((name) => input.startsWith(`${name}.`));
  return isPart ? 'PART' : undefined;
}

/** The type of an input, and what else is said of it: `["INT", { min: 0 }]`, `[["a", "b"]]`. */
export function readDeclaration(declaration: unknown): {
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
    const number =
      typeof value === 'boolean' ? Number(value) : Number(readText(value) || Number.NaN);
    if (Number.isNaN(number)) return 'must be a number';
    if (typeof options.min === 'number' && number < options.min) {
      return `must be at least ${options.min}`;
    }
    if (typeof options.max === 'number' && number > options.max) {
      return `must be at most ${options.max}`;
    }
    return undefined;
  }
  return findChoiceFault(value, declaration, hasFiles);
}

/**
 * What is wrong with a value of an input that has a list of values.
 * @param hasFiles whether files of models must be among those of the pod
 */
export function findChoiceFault(
  value: unknown,
  declaration: unknown,
  hasFiles = false,
): string | undefined {
  const { type, options } = readDeclaration(declaration);
  const choices = Array.isArray(type) ? type : type === 'COMBO' ? options.options : undefined;
  if (!Array.isArray(choices) || choices.includes(value)) return undefined;
  // Inputs are sent along, and pods differ in the files of their models.
  const isInput = options.image_upload || options.audio_upload || options.video_upload;
  if (isInput || (!hasFiles && FILE.test(readText(value)))) return undefined;
  return choices.length > 20 ? 'is none of its values' : `must be one of: ${choices.join(', ')}`;
}

const FILE = /\.[a-z0-9]{2,12}$/i;
