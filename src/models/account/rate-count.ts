import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    key: {
      type: String,
      required: true,
      description: 'The operation, the account or address, and the time window.',
    },
    count: { type: Number, required: true, integer: true },
    expiresAt: { type: Date, required: true, description: 'When the window ends.' },
  });

  schema.index({ key: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const RateCount = entity('RateCount', define, {
  about: 'A rate limit counter: attempts in one time window, shared by all instances.',
  owner: 'none',
  audited: false,
});
