import type { Fault } from '../../../errors.ts';
import {
  type Graph,
  isLink,
  splitPath,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import { takesMedium } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import { leadsOut, looksLikeFile, readInputUse } from './file-inputs.ts';
import type { NodeCatalog } from './node-catalog.ts';
import { readValue, type Values } from './parameters.ts';
import { readObject } from './protocol.ts';
import type { Revision } from './revisions.ts';
import { isSaveName } from './run-folder.ts';

// Pods are shared, and their folders have the files of all who use them: a graph may only name those that its own
// run has sent along. Which they are is known when it is sent; what can be known before is told before.

/** What only the editor of ComfyUI reads: no node is given it. */
const OF_EDITOR = ['audioUI', 'videopreview', 'upload'];

/**
 * Where a graph names files at its pod that it was not given.
 * @param catalog the nodes of the pod; null where they are not known
 * @param sent the names of the files that were sent along
 */
function findForeignFiles(
  graph: Graph,
  catalog: NodeCatalog | null,
  sent: ReadonlySet<string>,
): { node: string; input: string }[] {
  return listInputs(graph, catalog)
    .filter(({ value, use }) => {
      if (use === 'FILE') return typeof value !== 'string' || !sent.has(value);
      if (use === 'TEXT') return false;
      return listTexts(value).some((text) => looksLikeFile(text) && !sent.has(text));
    })
    .map(({ node, input }) => ({ node, input }));
}

/** @throws JobFailure FOREIGN_FILE where a graph names a file that is none of those that were sent along */
export function refuseForeignFiles(
  graph: Graph,
  catalog: NodeCatalog | null,
  sent: Record<string, string>,
): void {
  const [foreign] = findForeignFiles(graph, catalog, new Set(Object.values(sent)));
  if (!foreign) return;
  const { node, input } = foreign;
  const message = `Input ${input} of node ${node} names a file that the run was not given.`;
  throw new JobFailure('FOREIGN_FILE', message);
}

/** What of a workflow would name files that none of its runs is given, whatever values it gets. */
export function findFileFaults({
  graph,
  parameters,
}: Pick<Revision, 'graph' | 'parameters'>): Fault[] {
  const set = new Map(parameters.map(({ path, type }) => [path, type]));
  const inGraph = listInputs(graph, null).flatMap(({ node, input, value, use }): Fault[] => {
    const type = set.get(`${node}.inputs.${input}`);
    if ((type && takesMedium(type)) || use === 'TEXT') return [];
    const isForeign = use === 'FILE' && isLink(value) ? true : listTexts(value).some(leadsOut);
    return isForeign ? [{ path: `graph.${node}.inputs.${input}`, message: FOREIGN }] : [];
  });
  const inParameters = parameters.flatMap(({ path, type }, i): Fault[] => {
    const { node, input } = splitPath(path);
    const use = readInputUse(graph[node]?.class_type ?? '', input, undefined);
    if (use !== 'FILE' || takesMedium(type)) return [];
    const message = 'must be IMAGE, AUDIO or VIDEO: the input takes a file';
    return [{ path: `parameters.${i}.type`, message }];
  });
  return [...inGraph, ...inParameters];
}

/** What of the values that a run is to have names files that it is not given: by name, as far as that can be known. */
export function findFileValueFaults(
  { graph, parameters }: Pick<Revision, 'graph' | 'parameters'>,
  values: Values,
): Fault[] {
  const filled = structuredClone(graph);
  const names = new Map<string, string>();
  const sent = new Set<string>();
  for (const { name, type, path } of parameters) {
    const { node, input } = splitPath(path);
    const value = readValue(values, name);
    names.set(path, name);
    if (value === undefined) continue;
    if (filled[node]) filled[node].inputs[input] = value;
    if (takesMedium(type) && typeof value === 'string') sent.add(value);
  }
  return findForeignFiles(filled, null, sent).map(({ node, input }) => {
    const name = names.get(`${node}.inputs.${input}`);
    if (name) return { path: `parameters.${name}`, message: FOREIGN };
    return { path: 'workflow', message: `input ${input} of node ${node} ${FOREIGN}` };
  });
}

const FOREIGN =
  'names a file that the run is not given: let a parameter of type IMAGE, AUDIO or VIDEO set it';

/** The inputs that may name files, with what each takes. What a node saves as is put into the folder of the run. */
function listInputs(graph: Graph, catalog: NodeCatalog | null) {
  return Object.entries(graph).flatMap(([node, { class_type, inputs }]) => {
    const { required, optional } = readObject(readObject(catalog?.[class_type]).input);
    const declared = { ...readObject(optional), ...readObject(required) };
    return Object.entries(inputs)
      .filter(([input]) => !OF_EDITOR.includes(input) && !isSaveName(class_type, input))
      .map(([input, value]) => {
        const own = Object.hasOwn(declared, input) ? declared[input] : undefined;
        return { node, input, value, use: readInputUse(class_type, input, own) };
      });
  });
}

/** The texts that a value has in it: ComfyUI takes `{ "__value__": "a.png" }` for one, and nodes take objects. */
function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (isLink(value) || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(listTexts);
}
