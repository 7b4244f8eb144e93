import type { Fault } from '../../../errors.ts';
import type { Graph, GraphNode } from '../../../models/generation/comfyui/workflow-graph.ts';
import type { NodeCatalog } from './node-catalog.ts';
import { readObject } from './protocol.ts';
import { readText } from './read-text.ts';

interface EditorNode {
  id: string;
  type: string;
  mode: number;
  inputs: { name: string; link: number | null }[];
  values: unknown;
}

/** What only the editor knows. */
const NOTES = ['Note', 'MarkdownNote'];
const MUTED = 2;
const BYPASSED = 4;

/**
 * Converts what the editor saves into what the API takes. The editor stores the values of a node in the order of its
 * inputs without their names, so that takes what a pod says of its nodes.
 */
export function convertEditorGraph(
  saved: Record<string, unknown>,
  catalog: NodeCatalog,
): { graph: Graph; faults: Fault[] } {
  const nodes = readNodes(saved);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const links = readLinks(saved.links);
  const faults: Fault[] = [];
  const converted: [id: string, node: GraphNode][] = [];
  for (const [i, node] of nodes.entries()) {
    if (!node.id || !node.type) {
      faults.push({ path: `graph.nodes.${i}`, message: 'must have an id and a type' });
      continue;
    }
    if (NOTES.includes(node.type) || PASSING.includes(node.type) || node.mode === MUTED) continue;
    const fault = (message: string) => faults.push({ path: `graph.nodes.${node.id}`, message });
    if (node.mode === BYPASSED) fault(`${node.type} is bypassed: take it out, or export it`);
    else if (!Object.hasOwn(catalog, node.type)) fault(`no pod has a node ${node.type}`);
    else {
      const inputs = new Map(readValues(node, catalog));
      for (const { name, link } of node.inputs) {
        if (link === null) continue;
        const source = followLink(link, links, byId);
        if (!source) fault(`its input ${name} is linked to nothing`);
        else inputs.set(name, source.value ?? [source.node, source.slot]);
      }
      converted.push([node.id, { class_type: node.type, inputs: Object.fromEntries(inputs) }]);
    }
  }
  return { graph: Object.fromEntries(converted), faults };
}

/** Nodes that only pass on what they get, or hold a value for another one. */
const PASSING = ['Reroute', 'PrimitiveNode'];

function readNodes(saved: Record<string, unknown>): EditorNode[] {
  const nodes = Array.isArray(saved.nodes) ? saved.nodes.map(readObject) : [];
  return nodes.map(({ id, type, mode, inputs, widgets_values }) => ({
    id: readText(id),
    type: readText(type),
    mode: typeof mode === 'number' ? mode : 0,
    inputs: (Array.isArray(inputs) ? inputs.map(readObject) : []).map(({ name, link }) => ({
      name: readText(name),
      link: typeof link === 'number' ? link : null,
    })),
    values: widgets_values,
  }));
}

type Links = Map<number, { node: string; slot: number }>;

function readLinks(links: unknown): Links {
  const list: unknown[] = Array.isArray(links) ? links : [];
  return new Map(
    list.flatMap((link): [number, { node: string; slot: number }][] => {
      const [id, node, slot] = Array.isArray(link) ? link : [];
      const isLink = typeof id === 'number' && Number.isInteger(slot);
      return isLink ? [[id, { node: readText(node), slot }]] : [];
    }),
  );
}

/** Where a link comes from in truth: behind nodes that only pass it on. */
function followLink(
  link: number,
  links: Links,
  byId: Map<string, EditorNode>,
): { node: string; slot: number; value?: unknown } | undefined {
  let next: number | null = link;
  // No chain is longer than there are nodes, but for one that goes round.
  for (let i = 0; next !== null && i <= byId.size; i++) {
    const from = links.get(next);
    const node = from && byId.get(from.node);
    if (!from || !node || node.mode === MUTED) return undefined;
    if (node.type === 'PrimitiveNode') {
      return { ...from, value: Array.isArray(node.values) ? node.values[0] : undefined };
    }
    if (node.type !== 'Reroute') return from;
    next = node.inputs[0]?.link ?? null;
  }
  return undefined;
}

const WIDGETS = ['INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO'];
/** What the editor stores behind a seed: what becomes of it after a run. */
const AFTER = ['fixed', 'increment', 'decrement', 'randomize'];

/** The values of a node by the names of its inputs. */
function readValues({ type, values }: EditorNode, catalog: NodeCatalog): [string, unknown][] {
  const declared = readObject(readObject(catalog[type]).input);
  const inputs = { ...readObject(declared.required), ...readObject(declared.optional) };
  if (!Array.isArray(values)) {
    return Object.entries(readObject(values)).filter(([name]) => Object.hasOwn(inputs, name));
  }
  const named: [string, unknown][] = [];
  let at = 0;
  for (const [name, declaration] of Object.entries(inputs)) {
    const [kind, options] = Array.isArray(declaration) ? declaration : [];
    const isWidget = Array.isArray(kind) || WIDGETS.includes(readText(kind));
    if (!isWidget || readObject(options).forceInput || at >= values.length) continue;
    named.push([name, values[at++]]);
    if (kind === 'INT' && AFTER.includes(readText(values[at]))) at++;
  }
  return named;
}
