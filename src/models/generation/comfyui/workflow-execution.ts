import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';
import { objectsIn } from '../../../data/objects.ts';
import { JOB_STATUSES } from '../../jobs/job.ts';
import { runFields } from '../../jobs/run-fields.ts';
import { progressField } from '../../progress-field.ts';
import { REVIEWED, stateFields } from './execution-state.ts';
import { MOST_INPUTS, MOST_OUTPUTS, OUTPUT_KINDS } from './workflow-parameter.ts';

const EXECUTION_STATUSES = [...JOB_STATUSES, 'HELD', 'LOST'] as const;

/** What a run does at a provider, in this order. */
export const RUN_STAGES = [
  ...(['WAITING', 'SUBMITTING', 'SUBMITTED', 'RUNNING', 'COLLECTING', 'DONE'] as const),
] as const;
export type RunStage = (typeof RUN_STAGES)[number];

function makeOutputSchema() {
  return new Schema(
    {
      node: {
        type: String,
        required: true,
        maxlength: 64,
        description: 'The id of the node that produced it.',
      },
      kind: { type: String, required: true, enum: OUTPUT_KINDS },
      image: ref('Image', { onDelete: 'unset' }),
      video: ref('Video', { onDelete: 'unset' }),
      audio: ref('Audio', { onDelete: 'unset' }),
      track: ref('Track', { onDelete: 'unset' }),
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    workflow: ref('ComfyUIWorkflowConfig', {
      personal: 'none',
      required: true,
      immutable: true,
      onDelete: 'restrict',
    }),
    workflowRevision: {
      personal: 'none',
      type: Number,
      required: true,
      integer: true,
      min: 1,
      server: true,
      description: 'The `revision` of the workflow that is executed.',
    },
    parameters: encrypted(freeForm(32 * 1024), {
      required: true,
      immutable: true,
      clearDefault: () => ({}),
      personal: 'export',
      description: "Values by the names of the workflow's parameters.",
    }),
    project: ref('Project', {
      personal: 'none',
      immutable: true,
      onDelete: 'cascade',
      description: 'The project that its results belong to.',
    }),
    ...runFields(EXECUTION_STATUSES),
    pod: ref('ComfyUIPod', {
      personal: 'none',
      server: true,
      onDelete: 'unset',
      description: 'The pod that runs it.',
    }),
    stage: {
      personal: 'none',
      type: String,
      required: true,
      enum: RUN_STAGES,
      default: 'WAITING',
      server: true,
      description:
        'WAITING for a pod → SUBMITTING → SUBMITTED (in the queue of the pod) → RUNNING → COLLECTING the results → DONE.',
    },
    progress: progressField(),
    seeds: freeForm(16 * 1024, {
      personal: 'export',
      server: true,
      description:
        'The seeds that it ran with, by the names of the parameters: a rerun takes them.',
    }),
    inputs: {
      personal: 'export',
      type: [{ type: String, maxlength: 36 }],
      default: undefined,
      server: true,
      maxItems: MOST_INPUTS,
      description: 'The ids of the media that it was given.',
    },
    rerunOf: ref('ComfyUIWorkflowExecution', {
      personal: 'none',
      server: true,
      onDelete: 'unset',
      description: 'The execution that it repeats.',
    }),
    batch: ref('Job', {
      personal: 'none',
      server: true,
      onDelete: 'unset',
      description: 'The job of the batch that it is one of.',
    }),
    promptId: {
      personal: 'erase',
      type: String,
      server: true,
      maxlength: 64,
      description: 'Its id at ComfyUI.',
    },
    outputs: {
      personal: 'export',
      type: [makeOutputSchema()],
      default: undefined,
      server: true,
      maxItems: MOST_OUTPUTS,
      description: 'The results.',
    },
    nodeErrors: encrypted(freeForm(16 * 1024), {
      server: true,
      personal: 'export',
      description: 'The errors of ComfyUI: node id → error.',
    }),
    previewAt: {
      personal: 'none',
      type: Date,
      server: true,
      description: 'When its pod last sent a preview, which `GET …/{id}/preview` shows.',
    },
    heldFor: {
      personal: 'none',
      type: String,
      enum: REVIEWED,
      server: true,
      description: 'What of it waits for the decision of an administrator, while it is HELD.',
    },
    heldReason: {
      personal: 'erase',
      type: String,
      maxlength: 500,
      server: true,
      description: 'Why, as the moderation says.',
    },
    ...stateFields(),
    queuedSeconds: {
      personal: 'none',
      type: Number,
      min: 0,
      server: true,
      description: 'How long it waited.',
    },
    runSeconds: {
      personal: 'none',
      type: Number,
      min: 0,
      server: true,
      description: 'How long it ran.',
    },
    gpuSeconds: {
      personal: 'none',
      type: Number,
      min: 0,
      server: true,
      description: 'How long it has had pods in work, with the runs that failed.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, workflow: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, batch: 1, createdAt: -1, _id: -1 });
  schema.index({ workflow: 1 });
  // How many a pod has to do.
  schema.index({ pod: 1, status: 1 }, { sparse: true });
  // What administrators have to decide.
  schema.index(
    { status: 1, createdAt: 1 },
    { name: 'held', partialFilterExpression: { status: 'HELD' } },
  );
  schema.index({ rerunOf: 1 }, { sparse: true });
  for (const path of [
    'project',
    'job',
    'batch',
    'outputs.image',
    'outputs.video',
    'outputs.audio',
    'outputs.track',
  ]) {
    schema.index({ [path]: 1 }, { sparse: true });
  }

  return schema;
}

export const ComfyUIWorkflowExecution = entity('ComfyUIWorkflowExecution', define, {
  about: 'An execution of a workflow: its parameters, where it runs, and its results.',
  objects: objectsIn('comfyUIWorkflowExecutions'),
});
