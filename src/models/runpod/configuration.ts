import { Schema } from 'mongoose';
import { entity, freeForm, ref, sealed } from '../../data/entity.ts';

const limitsSchema = new Schema(
  {
    maxPods: { type: Number, integer: true, min: 0, max: 1000 },
    // In US dollars.
    maxSpendPerHour: { type: Number, min: 0, max: 10_000 },
  },
  { _id: false },
);

const schema = new Schema({
  name: { type: String, required: true, trim: true, maxlength: 120 },
  apiKey: sealed(
    { type: String, minlength: 16, maxlength: 255 },
    { required: true, shows: 'last4' },
  ),
  // What for → which serverless endpoint.
  endpointIds: freeForm(4096, { required: true, default: () => ({}) }),
  defaultTemplate: ref('RunPodTemplate', { onDelete: 'unset' }),
  gpuTypes: {
    type: [{ type: String, maxlength: 120 }],
    required: true,
    default: [],
    maxItems: 50,
  },
  limits: { type: limitsSchema },
  webhookToken: sealed({ type: String, maxlength: 255 }, { server: true, select: false }),
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, name: 1, _id: 1 });
schema.index({ defaultTemplate: 1 }, { sparse: true });
// Marks that a removal left when it was cut off.
schema.index({ removing: 1 }, { sparse: true });

export const RunPodConfiguration = entity('RunPodConfiguration', schema, {
  about: 'An account at RunPod that we may use, and how far.',
});
