import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';
import { JOB_STATUSES } from '../../jobs/job.ts';
import { runFields } from '../../jobs/run-fields.ts';

const EXECUTION_STATUSES = [...JOB_STATUSES, 'LOST'] as const;

const outputSchema = new Schema(
  {
    node: {
      type: String,
      required: true,
      maxlength: 64,
      description: 'The id of the node that produced it.',
    },
    kind: { type: String, required: true, enum: ['IMAGE', 'VIDEO', 'AUDIO'] },
    image: ref('Image', { onDelete: 'unset' }),
    video: ref('Video', { onDelete: 'unset' }),
    audio: ref('Audio', { onDelete: 'unset' }),
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    workflow: ref('ComfyUIWorkflowConfig', {
      required: true,
      immutable: true,
      onDelete: 'restrict',
      personal: 'none',
    }),
    workflowRevision: {
      type: Number,
      required: true,
      integer: true,
      min: 1,
      server: true,
      personal: 'none',
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
      immutable: true,
      onDelete: 'cascade',
      personal: 'none',
      description: 'The project that its results belong to.',
    }),
    ...runFields(EXECUTION_STATUSES),
    pod: ref('ComfyUIPod', {
      server: true,
      onDelete: 'unset',
      personal: 'none',
      description: 'The pod that runs it.',
    }),
    promptId: {
      type: String,
      server: true,
      maxlength: 64,
      personal: 'erase',
      description: 'Its id at ComfyUI.',
    },
    outputs: {
      type: [outputSchema],
      default: undefined,
      server: true,
      maxItems: 100,
      personal: 'export',
      description: 'The results.',
    },
    // They repeat what was entered.
    nodeErrors: encrypted(freeForm(16 * 1024), {
      server: true,
      personal: 'export',
      description: 'The errors of ComfyUI: node id → error.',
    }),
    queuedSeconds: {
      type: Number,
      min: 0,
      server: true,
      personal: 'none',
      description: 'How long it waited.',
    },
    runSeconds: {
      type: Number,
      min: 0,
      server: true,
      personal: 'none',
      description: 'How long it ran.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, workflow: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ workflow: 1 });
  for (const path of ['project', 'job', 'pod', 'outputs.image', 'outputs.video', 'outputs.audio']) {
    schema.index({ [path]: 1 }, { sparse: true });
  }

  return schema;
}

export const ComfyUIWorkflowExecution = entity('ComfyUIWorkflowExecution', define, {
  about: 'An execution of a workflow: its parameters, where it runs, and its results.',
});
