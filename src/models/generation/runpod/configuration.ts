import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';

function makeLimitsSchema() {
  return new Schema(
    {
      maxPods: {
        type: Number,
        integer: true,
        min: 0,
        max: 1000,
        description: 'The most pods that may run at once.',
      },
      maxSpendPerHour: { type: Number, min: 0, max: 10_000, description: 'In US dollars.' },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    apiKey: encrypted(
      { type: String, minlength: 16, maxlength: 255 },
      {
        required: true,
        shows: 'last4',
        personal: 'erase',
        description: 'The API key of the account at RunPod.',
      },
    ),
    endpointIds: freeForm(4096, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Purpose → serverless endpoint.',
    }),
    defaultTemplate: ref('RunPodTemplate', {
      onDelete: 'unset',
      personal: 'none',
      description: 'The default template of pods.',
    }),
    gpuTypes: {
      type: [{ type: String, maxlength: 120 }],
      required: true,
      default: [],
      maxItems: 50,
      personal: 'none',
      description: 'The GPUs that may be rented, in order of preference.',
    },
    limits: { type: makeLimitsSchema(), personal: 'none' },
    webhookToken: encrypted(
      { type: String, maxlength: 255 },
      {
        server: true,
        select: false,
        personal: 'erase',
        description: 'The token that webhook calls from RunPod must have.',
      },
    ),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ defaultTemplate: 1 }, { sparse: true });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RunPodConfiguration = entity('RunPodConfiguration', define, {
  about: 'An account at RunPod that may be used, with its limits.',
});
