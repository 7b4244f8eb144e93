import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { countField } from '../count-field.ts';

function define() {
  const schema = new Schema(
    {
      policy: ref('RetentionPolicy', {
        required: true,
        server: true,
        onDelete: 'restrict',
        personal: 'none',
      }),
      dryRun: {
        type: Boolean,
        required: true,
        server: true,
        personal: 'none',
        description: 'Whether it only counted, without changing anything.',
      },
      matched: countField('How many documents were due.'),
      deleted: countField(),
      bytesFreed: countField(),
      errors: {
        type: [String],
        required: true,
        default: [],
        server: true,
        maxItems: 100,
        personal: 'none',
        description: 'The error, for people.',
      },
      evidence: freeForm(64 * 1024, {
        server: true,
        personal: 'none',
        description: 'A report of what was done, as evidence.',
      }),
    },
    // `errors` is a reserved name of Mongoose documents, which are not used here.
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
