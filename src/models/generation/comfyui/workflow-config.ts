import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../../data/entity.ts';
import { ownerOrShared } from '../../../rules.ts';
import { findGraphFaults, LARGEST_GRAPH } from './workflow-graph.ts';
import { outputList, parameterList } from './workflow-parameter.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    description: { type: String, trim: true, maxlength: 2000, personal: 'export' },
    graph: encrypted(freeForm(LARGEST_GRAPH), {
      required: true,
      countedIn: 'revision',
      personal: 'export',
      description: "In ComfyUI's API format: node id → `{ class_type, inputs }`.",
    }),
    // Their defaults are prompts, too.
    parameters: encrypted(
      { ...parameterList() },
      {
        required: true,
        clearDefault: () => [],
        countedIn: 'revision',
        personal: 'export',
        description: 'The values that an execution may set.',
      },
    ),
    outputs: {
      ...outputList(),
      required: true,
      default: [],
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
      description:
        'What one execution costs, in whole credits, beside what `PRICES` says of `execute-workflow`. Only administrators set it.',
    },
    gpuSeconds: {
      type: Number,
      required: true,
      default: 600,
      min: 1,
      max: 86_400,
      personal: 'none',
      description:
        'For how long of a run credits are held, where `PRICES` has a `gpuSecond`: what it does not take is not spent, and a run that takes longer is stopped, and costs what is held.',
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
  refine: findGraphFaults,
});
