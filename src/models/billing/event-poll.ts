import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { PAYMENT_PROVIDERS } from './payment.ts';

function define() {
  const schema = new Schema({
    provider: { personal: 'none', type: String, required: true, enum: PAYMENT_PROVIDERS },
    polledTo: {
      personal: 'none',
      type: Date,
      required: true,
      description: 'All events before this time were fetched.',
    },
  });

  schema.index({ provider: 1 }, { unique: true });

  return schema;
}

export const EventPoll = entity('EventPoll', define, {
  about: "How far a provider's own list of events was read, for those that no webhook brought.",
  owner: 'none',
  audited: false,
});
