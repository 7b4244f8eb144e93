import { Schema } from 'mongoose';
import { entity, sealed } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    url: {
      type: String,
      required: true,
      maxlength: 2048,
      match: /^https:\/\/[^\s/]+(\/\S*)?$/,
      description: 'The URL that events are sent to.',
    },
    description: { type: String, trim: true, maxlength: 500 },
    events: {
      type: [{ type: String, maxlength: 64, match: /^[a-z]+\.([a-z_]+|\*)$/ }],
      required: true,
      maxItems: 50,
      description: 'The events to send: `track.ready`, `job.*`.',
    },
    enabled: { type: Boolean, required: true, default: true },
    secret: sealed(
      { type: String, maxlength: 255 },
      {
        server: true,
        shows: 'last4',
        description: 'Signs the deliveries (Standard Webhooks).',
      },
    ),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const WebhookEndpoint = entity('WebhookEndpoint', define, {
  about: 'A URL that events are sent to, and the secret that signs the deliveries.',
});
