import { Schema } from 'mongoose';
import { entity } from '../../../data/entity.ts';
import { countField } from '../../count-field.ts';
import { rollUpFields } from '../../metering/roll-up-fields.ts';

const count = countField();

function define() {
  const schema = new Schema(
    {
      ...rollUpFields,
      model: {
        type: String,
        required: true,
        maxlength: 64,
        server: true,
        personal: 'none',
        description: 'The name of an LlmModel.',
      },
      requests: count,
      errors: count,
      tokens: count,
      cost: {
        type: Number,
        required: true,
        min: 0,
        server: true,
        personal: 'none',
        description: 'In US dollars.',
      },
    },
    // `errors` is a reserved name of Mongoose documents, which are not used here.
    { suppressReservedKeysWarning: true },
  );

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ period: 1, at: -1, _id: -1 });
  schema.index({ model: 1, period: 1, at: -1, _id: -1 });
  schema.index({ model: 1, period: 1, at: 1 }, { unique: true });

  return schema;
}

export const LlmMetric = entity('LlmMetric', define, {
  about:
    'The use of a model in one hour: requests, errors, tokens, latency (in milliseconds), cost.',
  owner: 'none',
  audited: false,
});
