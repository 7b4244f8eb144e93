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
    }),
    template: ref('RunPodTemplate', { immutable: true, onDelete: 'restrict' }),
    name: { type: String, required: true, trim: true, maxlength: 120 },
    gpuType: {
      type: String,
      immutable: true,
      maxlength: 120,
      description: "RunPod's name of the GPU.",
    },
    gpuCount: {
      type: Number,
      required: true,
      immutable: true,
      default: 1,
      integer: true,
      min: 1,
      max: 8,
    },
    cloud: {
      type: String,
      required: true,
      immutable: true,
      enum: ['SECURE', 'COMMUNITY'],
      default: 'SECURE',
      description: 'Data centres (secure cloud), or machines of others (community cloud).',
    },
    status: {
      type: String,
      required: true,
      enum: POD_STATUSES,
      default: 'PROVISIONING',
      server: true,
    },
    runpodId: {
      type: String,
      server: true,
      maxlength: 64,
      description: 'Its id at RunPod.',
    },
    costPerHour: { type: Number, min: 0, server: true, description: 'In US dollars.' },
    runtime: freeForm(16 * 1024, {
      server: true,
      description: 'Runtime data from RunPod: ports, load, uptime.',
    }),
    error: errorField,
    startedAt: { type: Date, server: true },
    stoppedAt: { type: Date, server: true },
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
  about: 'A machine rented at RunPod.',
});
