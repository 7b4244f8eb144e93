import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    provider: { type: String, required: true, enum: ['STRIPE', 'RUNPOD'] },
    eventId: {
      type: String,
      required: true,
      maxlength: 255,
      description: 'Its id at the provider.',
    },
    type: {
      type: String,
      required: true,
      maxlength: 128,
      description: 'The event type, as the provider names it.',
    },
    expiresAt: { type: Date, required: true },
  });

  schema.index({ provider: 1, eventId: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const WebhookEvent = entity('WebhookEvent', define, {
  about: 'An event received from a provider, stored so that a duplicate has no effect.',
  owner: 'none',
  audited: false,
});
