import type { Fault } from '../../../errors.ts';
import { findCycleLinks, type GraphLink } from './graph-cycles.ts';
import { findParameterFaults, findSurplusMedia } from './parameter-faults.ts';
import type { WorkflowOutput, WorkflowParameter } from './workflow-parameter.ts';

/** The most bytes of a graph, as JSON. */
export const LARGEST_GRAPH = 2 * 1024 * 1024;

export interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}
/** ComfyUI's API format: node id → node. */
export type Graph = Record<string, GraphNode>;

/** The node and the input that the path of a parameter names: `57:8.inputs.seed`. */
export function splitPath(path: string): { node: string; input: string } {
  const at = path.indexOf('.inputs.');
  return { node: path.slice(0, at), input: path.slice(at + '.inputs.'.length) };
}

/** Whether an input is a link to another node: `["3", 0]`. */
export function isLink(value: unknown): value is [node: string, slot: number] {
  return Array.isArray(value) && value.length === 2 && Number.isInteger(value[1]);
}

/** Says what contradicts itself in a graph with its parameters and outputs. Every fault at once. */
export function findGraphFaults(document: Record<string, unknown>): Fault[] {
  const graph = document.graph as Graph;
  const parameters = document.parameters as WorkflowParameter[];
  const outputs = document.outputs as WorkflowOutput[];
  const isNode = (id: string) => Object.hasOwn(graph, id);
  const nodeFaults = findNodeFaults(graph);
  return [
    ...(nodeFaults.length > 0 ? nodeFaults : findCycleLinks(listLinks(graph)).map(describeCycle)),
    ...parameters.flatMap((parameter, i) => [
      ...(isNode(splitPath(parameter.path).node)
        ? []
        : [{ path: `parameters.${i}.path`, message: 'refers to no node of the graph' }]),
      ...findParameterFaults(parameter, `parameters.${i}`),
      ...(parameters.findIndex((p) => p.name === parameter.name) < i
        ? [{ path: `parameters.${i}.name`, message: 'is used twice' }]
        : []),
      ...(parameters.findIndex((p) => p.path === parameter.path) < i
        ? [{ path: `parameters.${i}.path`, message: 'is set by two parameters' }]
        : []),
    ]),
    ...findSurplusMedia(parameters),
    ...outputs.flatMap(({ node }, i) => [
      ...(isNode(node)
        ? []
        : [{ path: `outputs.${i}.node`, message: 'is not a node of the graph' }]),
      ...(outputs.findIndex((o) => o.node === node) < i
        ? [{ path: `outputs.${i}.node`, message: 'is named twice' }]
        : []),
    ]),
  ];
}

function findNodeFaults(graph: Graph): Fault[] {
  const nodes = Object.entries(graph);
  if (nodes.length === 0) return [{ path: 'graph', message: 'must have a node' }];
  if (isEditorFormat(graph)) return [{ path: 'graph', message: HOW_TO_EXPORT }];
  return nodes.flatMap(([id, node]): Fault[] => {
    if (typeof node?.class_type !== 'string' || !isObject(node.inputs)) {
      return [{ path: `graph.${id}`, message: 'must have class_type and inputs (API format)' }];
    }
    return Object.entries(node.inputs).flatMap(([input, value]): Fault[] => {
      const path = `graph.${id}.inputs.${input}`;
      if (!Array.isArray(value)) return [];
      if (!isLink(value)) {
        return [{ path, message: 'is a list: a link is [node, slot], else { "__value__": […] }' }];
      }
      if (typeof value[0] === 'string' && Object.hasOwn(graph, value[0])) return [];
      return [{ path, message: 'links to no node of the graph' }];
    });
  });
}

function listLinks(graph: Graph): GraphLink[] {
  return Object.entries(graph).flatMap(([to, { inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]) =>
      isLink(value) ? [{ from: value[0], to, input }] : [],
    ),
  );
}

const describeCycle = ({ to, input }: GraphLink): Fault => ({
  path: `graph.${to}.inputs.${input}`,
  message: 'is part of a cycle of links',
});

/** The format that the editor saves, which the API of ComfyUI does not take. */
export function isEditorFormat(graph: object): boolean {
  return 'nodes' in graph && Array.isArray(graph.nodes);
}

export const HOW_TO_EXPORT =
  "is in the editor's format; in ComfyUI choose Workflow → Export (API), and send that file";

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
