import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';

function define() {
  const schema = new Schema(
    {
      policy: ref('RetentionPolicy', { required: true, server: true, onDelete: 'restrict' }),
      dryRun: {
        type: Boolean,
        required: true,
        server: true,
        description: 'Only counted, and changed nothing.',
      },
      matched: {
        type: Number,
        required: true,
        integer: true,
        min: 0,
        server: true,
        description: 'How many documents were due.',
      },
      deleted: { type: Number, required: true, integer: true, min: 0, server: true },
      bytesFreed: { type: Number, required: true, integer: true, min: 0, server: true },
      errors: {
        type: [String],
        required: true,
        default: [],
        server: true,
        maxItems: 100,
        description: 'What went wrong, in words.',
      },
      evidence: freeForm(64 * 1024, {
        server: true,
        description: 'What was done, for whoever must prove it.',
      }),
    },
    // `errors` is what the outside calls it; nothing here is hydrated that has errors of its own.
    { suppressReservedKeysWarning: true },
  );

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ policy: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const RetentionRun = entity('RetentionRun', define, {
  about: 'One run of a retention policy and what it did: append-only.',
  owner: 'none',
});
