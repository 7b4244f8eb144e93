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
        description: 'True: counted the documents, and changed nothing.',
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
        description: 'Error messages.',
      },
      evidence: freeForm(64 * 1024, {
        server: true,
        description: 'A record of what was done, as proof of compliance.',
      }),
    },
    // `errors` is the name in the API. Mongoose reserves it for hydrated documents, which are not
    // used.
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
