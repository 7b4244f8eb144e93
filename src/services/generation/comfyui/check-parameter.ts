import type { Fault } from '../../../errors.ts';
import {
  type Graph,
  isLink,
  splitPath,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import type {
  ParameterType,
  WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
import { findChoiceFault, findDeclaration, readDeclaration } from './check-graph.ts';
import type { NodeCatalog } from './node-catalog.ts';
import { MOST_SEED, takesMedium } from './parameters.ts';

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
    const wanted = Array.isArray(type) ? 'one of a list' : String(type);
    return fault('type', `${input} takes ${wanted}, not ${parameter.type}`);
  }
  return [
    ...findBoundFaults(parameter, declaration),
    ...findEnumFaults(parameter, declaration),
  ].flatMap(({ path, message }) => fault(path, message));
}

/** The types of parameters that ComfyUI makes a value of each type of. A text takes whatever is written out. */
const TAKES: Record<string, ParameterType[] | undefined> = {
  INT: ['INTEGER', 'NUMBER', 'SEED', 'NONCE'],
  FLOAT: ['INTEGER', 'NUMBER', 'SEED', 'NONCE'],
  BOOLEAN: ['BOOLEAN', 'INTEGER'],
};
/** What comes over a link in the nodes of ComfyUI; nodes of others have types of values of their own. */
const LINKED =
  /^(IMAGE|MASK|LATENT|MODEL|CLIP|VAE|CONDITIONING|AUDIO|VIDEO|CONTROL_NET|CLIP_VISION|CLIP_VISION_OUTPUT|STYLE_MODEL|GLIGEN|UPSCALE_MODEL|NOISE|SAMPLER|SIGMAS|GUIDER|MESH|VOXEL|HOOKS|LATENT_OPERATION)$/;

function isTaken(type: ParameterType, declaration: unknown, isLinked: boolean): boolean {
  const { type: declared } = readDeclaration(declaration);
  if (typeof declared !== 'string') return true;
  return declared.split(',').some((one) => {
    const kind = one.trim();
    if (TAKES[kind]) return TAKES[kind].includes(type);
    if (kind === 'STRING' || kind === 'COMBO' || kind === '*') return true;
    // Of a type that nobody knows: where the graph has a link, a value would be none of it.
    return !LINKED.test(kind) && !isLinked;
  });
}

/** The bounds of a number must be within those of its input: what is allowed is to be possible. */
function findBoundFaults(parameter: WorkflowParameter, declaration: unknown): Fault[] {
  const { type, min, max } = parameter;
  const { options } = readDeclaration(declaration);
  const [least, most] = [options.min, options.max];
  const faults: Fault[] = [];
  if (typeof least === 'number' && min != null && min < least) {
    faults.push({ path: 'min', message: `must be at least ${least}` });
  }
  if (typeof most !== 'number') return faults;
  if (max != null && max > most) {
    faults.push({ path: 'max', message: `must be at most ${most}` });
  } else if (type === 'SEED' && max == null && most < MOST_SEED) {
    faults.push({ path: 'max', message: `is required, and must be at most ${most}` });
  }
  return faults;
}

function findEnumFaults({ type, enum: allowed }: WorkflowParameter, declaration: unknown): Fault[] {
  if (takesMedium(type)) return [];
  const message = (allowed ?? []).map((one) => findChoiceFault(one, declaration)).find(Boolean);
  return message ? [{ path: 'enum', message }] : [];
}
