import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';

const schema = new Schema({
  configuration: ref('RunPodConfiguration', {
    required: true,
    immutable: true,
    server: true,
    onDelete: 'cascade',
  }),
  runpodId: { type: String, required: true, server: true, maxlength: 64 },
  email: { type: String, server: true, maxlength: 255, personal: 'export' },
  // In US dollars.
  balance: { type: Number, server: true },
  spendPerHour: { type: Number, server: true, min: 0 },
  spendLimit: { type: Number, server: true, min: 0 },
  syncedAt: { type: Date, required: true, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ configuration: 1 }, { unique: true });

export const RunPodUser = entity('RunPodUser', schema, {
  about: 'The account behind a configuration, as RunPod tells of it.',
});
