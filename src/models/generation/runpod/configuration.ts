import { Schema } from 'mongoose';
import { entity, freeForm, ref, sealed } from '../../../data/entity.ts';

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
    apiKey: sealed(
      { type: String, minlength: 16, maxlength: 255 },
      { required: true, shows: 'last4', description: "RunPod's key for the account." },
    ),
    endpointIds: freeForm(4096, {
      required: true,
      default: () => ({}),
      description: 'Purpose → id of the serverless endpoint.',
    }),
    defaultTemplate: ref('RunPodTemplate', {
      onDelete: 'unset',
      description: 'The template of pods that name no other.',
    }),
    gpuTypes: {
      type: [{ type: String, maxlength: 120 }],
      required: true,
      default: [],
      maxItems: 50,
      description: 'The GPU types that may be rented, in order of preference.',
    },
    limits: { type: limitsSchema },
    webhookToken: sealed(
      { type: String, maxlength: 255 },
      {
        server: true,
        select: false,
        description: "The token that RunPod's webhook calls must carry.",
      },
    ),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ defaultTemplate: 1 }, { sparse: true });
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RunPodConfiguration = entity('RunPodConfiguration', define, {
  about: 'An account at RunPod, with its API key and limits.',
});
