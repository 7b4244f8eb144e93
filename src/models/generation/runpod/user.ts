import { Schema } from 'mongoose';
import { entity, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    configuration: ref('RunPodConfiguration', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    runpodId: {
      type: String,
      required: true,
      server: true,
      maxlength: 64,
      personal: 'export',
      description: 'Its id at RunPod.',
    },
    email: { type: String, server: true, maxlength: 255, personal: 'export' },
    balance: { type: Number, server: true, personal: 'export', description: 'In US dollars.' },
    spendPerHour: {
      type: Number,
      server: true,
      min: 0,
      personal: 'export',
      description: 'In US dollars.',
    },
    spendLimit: {
      type: Number,
      server: true,
      min: 0,
      personal: 'export',
      description: 'In US dollars per hour.',
    },
    syncedAt: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'When RunPod was last queried.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ configuration: 1 }, { unique: true });

  return schema;
}

export const RunPodUser = entity('RunPodUser', define, {
  about: 'The account of a configuration, as RunPod reports it.',
});
