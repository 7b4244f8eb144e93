import type { Fault } from '../../../errors.ts';
import { isDrawn } from '../../../models/generation/comfyui/parameter-faults.ts';
import {
  type Graph,
  isLink,
  splitPath,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import {
  type ParameterType,
  takesMedium,
  type WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
import { findChoiceFault, findDeclaration, readDeclaration } from './check-graph.ts';
import { isNumericNonce } from './fill-graph.ts';
import type { NodeCatalog } from './node-catalog.ts';
import { findRange } from './parameters.ts';
import { readText } from './read-text.ts';

/**
 * What of a parameter a pod with these nodes would refuse, whatever value it is given: `path` is the field.
 * Its default is a value of the graph, and is checked as such.
 */
export function checkParameter(
  parameter: WorkflowParameter,
  graph: Graph,
  catalog: NodeCatalog,
): Fault[] {
  const { node: id, input } = splitPath(parameter.path);
  const node = graph[id];
  if (!node || !Object.hasOwn(catalog, node.class_type)) return [];
  const { class_type, inputs } = node;
  const declaration = findDeclaration(class_type, input, catalog);
  // A nonce may be an input that no class has: it makes the node run again all the same.
  if (declaration === undefined) {
    if (parameter.type === 'NONCE') return [];
    return [{ path: 'path', message: `${class_type} has no input ${input}` }];
  }
  // A part of an input, of which nothing is declared by itself.
  if (declaration === 'PART') return [];
  const fault = (path: string, message: string) => [{ path, message: `${class_type}: ${message}` }];
  if (!isTaken(parameter.type, declaration, isLink(inputs[input]))) {
    const { type } = readDeclaration(declaration);
    const wanted = Array.isArray(type) ? 'one of a list' : readText(type);
    return fault('type', `${input} takes ${wanted}, not ${parameter.type}`);
  }
  return [
    ...findBoundFaults(parameter, declaration, inputs[input]),
    ...findEnumFaults(parameter, declaration),
  ].flatMap(({ path, message }) => fault(path, message));
}

/** The types of parameters that ComfyUI makes a value of each type of. A text takes whatever is written out. */
const TAKES = new Map<string, ParameterType[]>([
  ['INT', ['INTEGER', 'NUMBER', 'SEED', 'NONCE']],
  ['FLOAT', ['INTEGER', 'NUMBER', 'SEED', 'NONCE']],
  ['BOOLEAN', ['BOOLEAN', 'INTEGER']],
]);
/** What comes over a link in the nodes of ComfyUI; nodes of others have types of values of their own. */
const LINKED =
  /^(IMAGE|MASK|LATENT|MODEL|CLIP|VAE|CONDITIONING|AUDIO|VIDEO|CONTROL_NET|CLIP_VISION|CLIP_VISION_OUTPUT|STYLE_MODEL|GLIGEN|UPSCALE_MODEL|NOISE|SAMPLER|SIGMAS|GUIDER|MESH|VOXEL|HOOKS|LATENT_OPERATION)$/;

function isTaken(type: ParameterType, declaration: unknown, isLinked: boolean): boolean {
  const { type: declared } = readDeclaration(declaration);
  // What is drawn is none of a list.
  if (Array.isArray(declared)) return !isDrawn(type);
  if (typeof declared !== 'string') return true;
  return declared.split(',').some((one) => {
    const kind = one.trim();
    const taken = TAKES.get(kind);
    if (taken) return taken.includes(type);
    if (kind === 'COMBO') return !isDrawn(type);
    if (kind === 'STRING' || kind === '*') return true;
    // Of a type that nobody knows: where the graph has a link, a value would be none of it.
    return !LINKED.test(kind) && !isLinked;
  });
}

/**
 * The bounds of a number must be within those of its input: what is allowed is to be possible, and what is drawn
 * without bounds has those of all numbers that are drawn.
 */
function findBoundFaults(
  parameter: WorkflowParameter,
  declaration: unknown,
  inGraph: unknown,
): Fault[] {
  const { type } = parameter;
  const { type: declared, options } = readDeclaration(declaration);
  const least = typeof options.min === 'number' ? options.min : undefined;
  const most = typeof options.max === 'number' ? options.max : undefined;
  const isOut = (value: number) => value < (least ?? value) || value > (most ?? value);
  const rules = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ];
  const rule = `must be ${rules.join(' and ')}`;
  const [from, to] = findRange(parameter);
  const faults = Object.entries({ min: from, max: to }).flatMap(([path, drawn]): Fault[] => {
    const bound = parameter[path as 'min' | 'max'];
    if (bound != null) return isOut(bound) ? [{ path, message: rule }] : [];
    return isDrawn(type) && isOut(drawn) ? [{ path, message: `is required, and ${rule}` }] : [];
  });
  const isNumber = declared === 'INT' || declared === 'FLOAT';
  const isText = isNumber && type === 'NONCE' && !isNumericNonce(parameter, inGraph);
  if (!isText || faults.some(({ path }) => path === 'max')) return faults;
  return [...faults, { path: 'max', message: 'is required: without bounds a nonce is a text' }];
}

function findEnumFaults({ type, enum: allowed }: WorkflowParameter, declaration: unknown): Fault[] {
  if (takesMedium(type)) return [];
  const message = (allowed ?? []).map((one) => findChoiceFault(one, declaration)).find(Boolean);
  return message ? [{ path: 'enum', message }] : [];
}
