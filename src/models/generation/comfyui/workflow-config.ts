import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../../data/entity.ts';
import type { Fault } from '../../../errors.ts';
import { ownerOrShared } from '../../../rules.ts';

const PARAMETER_TYPES = ['STRING', 'INTEGER', 'NUMBER', 'BOOLEAN', 'IMAGE', 'AUDIO'] as const;
const OUTPUT_KINDS = ['IMAGE', 'VIDEO', 'AUDIO'] as const;

const parameterSchema = new Schema(
  {
    name: { type: String, required: true, match: /^[A-Za-z][A-Za-z0-9_]{0,63}$/ },
    type: { type: String, required: true, enum: PARAMETER_TYPES },
    path: {
      type: String,
      required: true,
      maxlength: 200,
      match: /^[\w-]+\.inputs\.[\w. -]+$/,
      description: 'The input in the graph that it sets: `6.inputs.text`.',
    },
    default: freeForm(8192, {
      description: 'The default value, which may be of any type, in an object: `{ "value": 20 }`.',
    }),
    min: { type: Number, description: 'The lowest value of a number.' },
    max: { type: Number, description: 'The highest value of a number.' },
    enum: {
      type: [{ type: String, maxlength: 255 }],
      default: undefined,
      maxItems: 100,
      description: 'The allowed values, if not all are.',
    },
    required: { type: Boolean },
  },
  { _id: false },
);

const outputSchema = new Schema(
  {
    node: {
      type: String,
      required: true,
      maxlength: 64,
      description: 'The id of the node that produces it.',
    },
    kind: { type: String, required: true, enum: OUTPUT_KINDS },
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    description: { type: String, trim: true, maxlength: 2000, personal: 'export' },
    graph: encrypted(freeForm(256 * 1024), {
      required: true,
      countedIn: 'revision',
      personal: 'export',
      description: "In ComfyUI's API format: node id → `{ class_type, inputs }`.",
    }),
    // Their defaults are prompts, too.
    parameters: encrypted(
      { type: [parameterSchema], maxItems: 100 },
      {
        required: true,
        clearDefault: () => [],
        countedIn: 'revision',
        personal: 'export',
        description: 'The values that an execution may set.',
      },
    ),
    outputs: {
      type: [outputSchema],
      required: true,
      default: [],
      maxItems: 20,
      countedIn: 'revision',
      personal: 'export',
      description: 'The nodes whose results are stored.',
    },
    isPublic: {
      type: Boolean,
      required: true,
      default: false,
      personal: 'none',
      description: 'Whether everybody may read and run it.',
    },
    creditCost: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      max: 1_000_000,
      personal: 'none',
      description: 'The price of one execution, in whole credits.',
    },
    revision: {
      type: Number,
      required: true,
      default: 1,
      integer: true,
      min: 1,
      server: true,
      personal: 'none',
      description: 'Incremented by every change of `graph`, `parameters` or `outputs`.',
    },
  });

  schema.index({ user: 1, isPublic: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, isPublic: 1, name: 1, _id: 1 });
  schema.index({ isPublic: 1, createdAt: -1, _id: -1 });
  schema.index({ isPublic: 1, name: 1, _id: 1 });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const ComfyUIWorkflowConfig = entity('ComfyUIWorkflowConfig', define, {
  about: 'A ComfyUI graph with named parameters, its outputs and its price.',
  readers: ownerOrShared('isPublic'),
  refine: faultsOf,
});

type Parameter = { name: string; path: string; min?: number | null; max?: number | null };
type Graph = Record<string, { class_type?: unknown; inputs?: unknown } | undefined>;

const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Validates a graph: nodes by id, and parameters and outputs of existing nodes. */
function faultsOf(document: Record<string, unknown>): Fault[] {
  const graph = document.graph as Graph;
  const parameters = document.parameters as Parameter[];
  const outputs = document.outputs as { node: string }[];
  const faults: Fault[] = [];
  const isNode = (id: string) => Object.hasOwn(graph, id);
  for (const [id, node] of Object.entries(graph)) {
    if (typeof node?.class_type !== 'string' || !isObject(node.inputs)) {
      faults.push({ path: `graph.${id}`, message: 'must have class_type and inputs (API format)' });
    }
  }
  if (Object.keys(graph).length === 0) faults.push({ path: 'graph', message: 'must have a node' });
  parameters.forEach(({ name, path, min, max }, i) => {
    if (!isNode(path.split('.')[0] as string)) {
      faults.push({ path: `parameters.${i}.path`, message: 'refers to no node of the graph' });
    }
    if (min != null && max != null && min > max) {
      faults.push({ path: `parameters.${i}.min`, message: 'is above max' });
    }
    if (parameters.findIndex((p) => p.name === name) < i) {
      faults.push({ path: `parameters.${i}.name`, message: 'is used twice' });
    }
  });
  outputs.forEach(({ node }, i) => {
    if (!isNode(node))
      faults.push({ path: `outputs.${i}.node`, message: 'is not a node of the graph' });
  });
  return faults;
}
