import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';

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
    objectId: {
      type: String,
      required: true,
      maxlength: 255,
      personal: BOOKKEEPING,
      description:
        'The id of the object that it is about. What that says is asked of the provider.',
    },
    intentId: {
      type: String,
      maxlength: 255,
      personal: BOOKKEEPING,
      description: 'The PaymentIntent of that object.',
    },
    payment: {
      type: Schema.Types.UUID,
      personal: BOOKKEEPING,
      description: 'Which payment it is about: ours, unless another application marked its own so.',
    },
    subscription: {
      type: Schema.Types.UUID,
      personal: BOOKKEEPING,
      description: 'Which subscription it is about, by our mark.',
    },
    origin: {
      type: String,
      required: true,
      enum: ['WEBHOOK', 'POLL'],
      personal: 'none',
      description: 'Whether the provider sent it, or it was missed and fetched.',
    },
    happenedAt: {
      type: Date,
      required: true,
      personal: 'none',
      description: 'When, as the provider says.',
    },
    handledAt: { type: Date, personal: 'none', description: 'When its consequences were written.' },
    dueAt: {
      type: Date,
      personal: 'none',
      description: 'Until it was handled: when it is to be handled once more, by a job of its own.',
    },
    expiresAt: { type: Date, required: true, personal: 'none' },
  });

  schema.index({ provider: 1, eventId: 1 }, { unique: true });
  schema.index({ payment: 1, createdAt: 1 }, { sparse: true });
  schema.index(
    { subscription: 1, createdAt: 1 },
    { partialFilterExpression: { subscription: { $exists: true } } },
  );
  schema.index({ dueAt: 1 }, { sparse: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const WebhookEvent = entity('WebhookEvent', define, {
  about: 'An event that a provider sent, stored so that a repeated delivery changes nothing.',
  owner: 'none',
  audited: false,
});

export type WebhookEventDoc = DocOf<typeof WebhookEvent>;
