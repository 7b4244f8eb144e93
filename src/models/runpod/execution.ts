import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { runFields } from '../system/run-fields.ts';

export const RUNPOD_EXECUTION_STATUSES = [
  'IN_QUEUE',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'LOST',
] as const;

const schema = new Schema({
  configuration: ref('RunPodConfiguration', {
    required: true,
    immutable: true,
    onDelete: 'restrict',
  }),
  endpointId: { type: String, required: true, immutable: true, match: /^[A-Za-z0-9_-]{1,64}$/ },
  input: freeForm(256 * 1024, { required: true, immutable: true }),
  ...runFields(RUNPOD_EXECUTION_STATUSES),
  runpodId: { type: String, server: true, maxlength: 128 },
  output: freeForm(256 * 1024, { server: true }),
  // In milliseconds: in the queue, and at work.
  delayMs: { type: Number, integer: true, min: 0, server: true },
  executionMs: { type: Number, integer: true, min: 0, server: true },
  // In US dollars.
  cost: { type: Number, min: 0, server: true },
  webhookSeenAt: { type: Date, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, configuration: 1, createdAt: -1, _id: -1 });
schema.index({ configuration: 1 });
schema.index({ job: 1 }, { sparse: true });
schema.index({ runpodId: 1 }, { sparse: true });

export const RunPodExecution = entity('RunPodExecution', schema, {
  about: 'One call of a serverless endpoint at RunPod.',
});
