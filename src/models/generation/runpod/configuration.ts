import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';

const limitsSchema = new Schema(
  {
    maxPods: {
      type: Number,
      integer: true,
      min: 0,
      max: 1000,
      description: 'How many may run at once.',
    },
    maxSpendPerHour: { type: Number, min: 0, max: 10_000, description: 'In US dollars.' },
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120 },
    apiKey: encrypted(
      { type: String, minlength: 16, maxlength: 255 },
      { required: true, shows: 'last4', description: "RunPod's key for the account." },
    ),
    endpointIds: freeForm(4096, {
      required: true,
      default: () => ({}),
      description: 'What for → which serverless endpoint.',
    }),
    defaultTemplate: ref('RunPodTemplate', {
      onDelete: 'unset',
      description: 'What a pod runs unless said otherwise.',
    }),
    gpuTypes: {
      type: [{ type: String, maxlength: 120 }],
      required: true,
      default: [],
      maxItems: 50,
      description: 'Which GPUs may be rented, the best first.',
    },
    limits: { type: limitsSchema },
    webhookToken: encrypted(
      { type: String, maxlength: 255 },
      { server: true, select: false, description: "What RunPod's calls to us must show." },
    ),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ defaultTemplate: 1 }, { sparse: true });
  // Marks that a removal left when it was cut off.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RunPodConfiguration = entity('RunPodConfiguration', define, {
  about: 'An account at RunPod that we may use, and how far.',
});
