import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    provider: { type: String, required: true, enum: ['STRIPE', 'RUNPOD'], personal: 'none' },
    eventId: {
      type: String,
      required: true,
      maxlength: 255,
      personal: 'none',
      description: 'Its id at the provider.',
    },
    type: {
      type: String,
      required: true,
      maxlength: 128,
      personal: 'none',
      description: 'The type of event, as the provider calls it.',
    },
    expiresAt: { type: Date, required: true, personal: 'none' },
  });

  schema.index({ provider: 1, eventId: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const WebhookEvent = entity('WebhookEvent', define, {
  about: 'An event that a provider sent, stored so that a repeated delivery changes nothing.',
  owner: 'none',
  audited: false,
});
