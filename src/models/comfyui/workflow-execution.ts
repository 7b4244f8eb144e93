import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { JOB_STATUSES } from '../system/job.ts';
import { runFields } from '../system/run-fields.ts';

export const EXECUTION_STATUSES = [...JOB_STATUSES, 'LOST'] as const;

const outputSchema = new Schema(
  {
    node: { type: String, required: true, maxlength: 64 },
    kind: { type: String, required: true, enum: ['IMAGE', 'VIDEO', 'AUDIO'] },
    image: ref('Image', { onDelete: 'unset' }),
    video: ref('Video', { onDelete: 'unset' }),
    audio: ref('Audio', { onDelete: 'unset' }),
  },
  { _id: false },
);

const schema = new Schema({
  workflow: ref('ComfyUIWorkflowConfig', {
    required: true,
    immutable: true,
    onDelete: 'restrict',
  }),
  workflowRevision: { type: Number, required: true, integer: true, min: 1, server: true },
  parameters: freeForm(64 * 1024, { required: true, immutable: true, default: () => ({}) }),
  project: ref('Project', { immutable: true, onDelete: 'cascade' }),
  ...runFields(EXECUTION_STATUSES),
  pod: ref('ComfyUIPod', { server: true, onDelete: 'unset' }),
  promptId: { type: String, server: true, maxlength: 64 },
  outputs: { type: [outputSchema], default: undefined, server: true, maxItems: 100 },
  nodeErrors: freeForm(64 * 1024, { server: true }),
  queuedSeconds: { type: Number, min: 0, server: true },
  runSeconds: { type: Number, min: 0, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, workflow: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
schema.index({ workflow: 1 });
for (const path of ['project', 'job', 'pod', 'outputs.image', 'outputs.video', 'outputs.audio']) {
  schema.index({ [path]: 1 }, { sparse: true });
}

export const ComfyUIWorkflowExecution = entity('ComfyUIWorkflowExecution', schema, {
  about: 'One run of a workflow: with which parameters, where, and what came of it.',
});
