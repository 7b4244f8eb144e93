import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../../data/entity.ts';
import { errorField } from '../../error-field.ts';

const POD_STATUSES = [
  'PROVISIONING',
  'STARTING',
  'RUNNING',
  'EXITED',
  'ERROR',
  'TERMINATED',
] as const;

function define() {
  const schema = new Schema({
    configuration: ref('RunPodConfiguration', {
      required: true,
      immutable: true,
      onDelete: 'restrict',
      personal: 'none',
    }),
    template: ref('RunPodTemplate', { immutable: true, onDelete: 'restrict', personal: 'none' }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    gpuType: {
      type: String,
      immutable: true,
      maxlength: 120,
      personal: 'none',
      description: 'The GPU, as RunPod calls it.',
    },
    gpuCount: {
      type: Number,
      required: true,
      immutable: true,
      default: 1,
      integer: true,
      min: 1,
      max: 8,
      personal: 'none',
    },
    cloud: {
      type: String,
      required: true,
      immutable: true,
      enum: ['SECURE', 'COMMUNITY'],
      default: 'SECURE',
      personal: 'none',
      description: 'Whether it runs in data centres of RunPod or of others.',
    },
    status: {
      type: String,
      required: true,
      enum: POD_STATUSES,
      default: 'PROVISIONING',
      server: true,
      personal: 'none',
    },
    runpodId: {
      type: String,
      server: true,
      maxlength: 64,
      personal: 'erase',
      description: 'Its id at RunPod.',
    },
    costPerHour: {
      type: Number,
      min: 0,
      server: true,
      personal: 'none',
      description: 'In US dollars.',
    },
    runtime: freeForm(16 * 1024, {
      server: true,
      personal: 'erase',
      description: 'The runtime data that RunPod reports: ports, load, uptime.',
    }),
    error: errorField(),
    startedAt: { type: Date, server: true, personal: 'none' },
    stoppedAt: { type: Date, server: true, personal: 'none' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, configuration: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, template: 1, createdAt: -1, _id: -1 });
  schema.index({ configuration: 1 });
  schema.index({ template: 1 }, { sparse: true });
  schema.index({ runpodId: 1 }, { sparse: true });

  return schema;
}

export const RunPodPod = entity('RunPodPod', define, {
  about: 'A pod (a rented machine) at RunPod.',
});
