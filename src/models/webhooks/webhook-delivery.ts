import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';

const DELIVERY_STATUSES = ['PENDING', 'DELIVERED', 'FAILED'] as const;

function define() {
  const schema = new Schema({
    endpoint: ref('WebhookEndpoint', { required: true, server: true, onDelete: 'cascade' }),
    event: {
      type: String,
      required: true,
      server: true,
      maxlength: 64,
      description: 'The type of event: `track.ready`.',
    },
    payload: freeForm(256 * 1024, {
      required: true,
      server: true,
      description: 'The body that is sent.',
    }),
    status: {
      type: String,
      required: true,
      enum: DELIVERY_STATUSES,
      default: 'PENDING',
      server: true,
    },
    attempts: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      description: 'The number of attempts.',
    },
    responseStatus: {
      type: Number,
      integer: true,
      min: 100,
      max: 599,
      server: true,
      description: 'The last HTTP status of the endpoint.',
    },
    nextAttemptAt: { type: Date, server: true },
    expiresAt: { type: Date, required: true, server: true },
  });

  schema.index({ user: 1, endpoint: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, endpoint: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ endpoint: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const WebhookDelivery = entity('WebhookDelivery', define, {
  about: 'The delivery of an event to an endpoint.',
  audited: false,
});
