import { Schema } from 'mongoose';
import { entity, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    configuration: ref('RunPodConfiguration', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
    }),
    runpodId: {
      type: String,
      required: true,
      server: true,
      maxlength: 64,
      description: 'The id that RunPod gave it.',
    },
    email: { type: String, server: true, maxlength: 255, personal: 'export' },
    balance: { type: Number, server: true, description: 'In US dollars.' },
    spendPerHour: { type: Number, server: true, min: 0, description: 'In US dollars.' },
    spendLimit: { type: Number, server: true, min: 0, description: 'In US dollars an hour.' },
    syncedAt: {
      type: Date,
      required: true,
      server: true,
      description: 'When RunPod was last asked.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ configuration: 1 }, { unique: true });

  return schema;
}

export const RunPodUser = entity('RunPodUser', define, {
  about: 'The account behind a configuration, as RunPod tells of it.',
});
