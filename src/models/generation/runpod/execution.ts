import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';
import { runFields } from '../../jobs/run-fields.ts';

const RUNPOD_EXECUTION_STATUSES = [
  'IN_QUEUE',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'LOST',
] as const;

function define() {
  const schema = new Schema({
    configuration: ref('RunPodConfiguration', {
      required: true,
      immutable: true,
      onDelete: 'restrict',
      personal: 'none',
    }),
    endpointId: {
      type: String,
      required: true,
      immutable: true,
      match: /^[A-Za-z0-9_-]{1,64}$/,
      personal: 'export',
      description: 'The serverless endpoint at RunPod.',
    },
    input: encrypted(freeForm(256 * 1024), {
      required: true,
      immutable: true,
      personal: 'export',
      description: 'The input, which is passed to the endpoint as it is.',
    }),
    ...runFields(RUNPOD_EXECUTION_STATUSES),
    runpodId: {
      type: String,
      server: true,
      maxlength: 128,
      personal: 'erase',
      description: 'Its id at RunPod.',
    },
    output: encrypted(freeForm(256 * 1024), {
      server: true,
      personal: 'export',
      description: 'The response of the endpoint.',
    }),
    delayMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'How long it waited in the queue, in milliseconds.',
    },
    executionMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'How long it ran, in milliseconds.',
    },
    cost: { type: Number, min: 0, server: true, personal: 'export', description: 'In US dollars.' },
    webhookSeenAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When the webhook of RunPod reported its end.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, configuration: 1, createdAt: -1, _id: -1 });
  schema.index({ configuration: 1 });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ runpodId: 1 }, { sparse: true });

  return schema;
}

export const RunPodExecution = entity('RunPodExecution', define, {
  about: 'One call of a serverless endpoint at RunPod.',
});
