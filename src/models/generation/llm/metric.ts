import { Schema } from 'mongoose';
import { entity } from '../../../data/entity.ts';
import { rollUpFields } from '../../metering/roll-up-fields.ts';

const count = { type: Number, required: true, integer: true, min: 0, server: true } as const;

function define() {
  const schema = new Schema(
    {
      ...rollUpFields,
      model: {
        type: String,
        required: true,
        maxlength: 64,
        server: true,
        description: 'The name of an LlmModel.',
      },
      requests: count,
      errors: count,
      tokens: count,
      cost: { type: Number, required: true, min: 0, server: true, description: 'In US dollars.' },
    },
    // `errors` is the name in the API. Mongoose reserves it for hydrated documents, which are not
    // used.
    { suppressReservedKeysWarning: true },
  );

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ period: 1, at: -1, _id: -1 });
  schema.index({ model: 1, period: 1, at: -1, _id: -1 });
  schema.index({ model: 1, period: 1, at: 1 }, { unique: true });

  return schema;
}

export const LlmMetric = entity('LlmMetric', define, {
  about: 'What a model did in one hour: requests, errors, tokens, latency (in milliseconds), cost.',
  owner: 'none',
  audited: false,
});
