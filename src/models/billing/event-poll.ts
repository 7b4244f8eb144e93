import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { PAYMENT_PROVIDERS } from './payment.ts';

function makeRoundSchema() {
  return new Schema(
    {
      began: { type: Date, required: true },
      types: {
        type: [{ type: String, maxlength: 128 }],
        required: true,
        maxItems: 100,
        description: 'The types of events that are still to be read.',
      },
      after: {
        type: String,
        maxlength: 255,
        description: 'The event that was read last: they are read from the newest on.',
      },
      until: { type: Date, description: 'Its time.' },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    provider: { personal: 'none', type: String, required: true, enum: PAYMENT_PROVIDERS },
    polledTo: {
      personal: 'none',
      type: Date,
      required: true,
      description: 'All events before this time were fetched.',
    },
    round: {
      type: makeRoundSchema(),
      personal: 'none',
      description: 'How far those after it have been read, while that goes on.',
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

export type EventPollDoc = DocOf<typeof EventPoll>;
