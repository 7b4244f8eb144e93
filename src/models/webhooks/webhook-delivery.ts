import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm, ref } from '../../data/entity.ts';

const DELIVERY_STATUSES = ['PENDING', 'DELIVERED', 'FAILED'] as const;

function makeAttemptSchema() {
  return new Schema(
    {
      at: { type: Date, required: true },
      took: { type: Number, required: true, integer: true, description: 'In ms.' },
      responseStatus: { type: Number, integer: true, min: 100, max: 999 },
      responseBody: {
        type: String,
        maxlength: 4096,
        description: 'The beginning of the answer, 4 KiB at most.',
      },
      error: { type: String, maxlength: 200, description: 'Why there was no answer.' },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    endpoint: ref('WebhookEndpoint', {
      required: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    event: {
      type: String,
      required: true,
      server: true,
      maxlength: 64,
      personal: 'none',
      description: 'The type of event: `track.ready`.',
    },
    eventId: {
      type: Schema.Types.UUID,
      required: true,
      server: true,
      personal: 'none',
      description:
        'The id of the event, sent as `webhook-id`: the same at each attempt, at a replay, and at other endpoints.',
    },
    document: {
      type: Schema.Types.UUID,
      server: true,
      personal: 'none',
      description: 'What the event tells of.',
    },
    sequence: {
      type: Number,
      required: true,
      integer: true,
      server: true,
      personal: 'none',
      description: 'Orders the events of one document, as in the body.',
    },
    payload: freeForm(256 * 1024, {
      required: true,
      server: true,
      personal: 'erase',
      description: 'The body that is sent.',
    }),
    status: {
      type: String,
      required: true,
      enum: DELIVERY_STATUSES,
      default: 'PENDING',
      server: true,
      personal: 'none',
    },
    attempts: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'The number of attempts.',
    },
    responseStatus: {
      type: Number,
      integer: true,
      min: 100,
      max: 999,
      server: true,
      personal: 'none',
      description: 'The last HTTP status of the endpoint.',
    },
    log: {
      type: [makeAttemptSchema()],
      required: true,
      maxItems: 20,
      server: true,
      personal: 'erase',
      description: 'The last attempts, 20 at most, each with what was answered.',
    },
    nextAttemptAt: { type: Date, server: true, personal: 'none' },
    triedUntil: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'An attempt that fails after this time is the last one.',
    },
    deliveredAt: { type: Date, server: true, personal: 'none' },
    expiresAt: { type: Date, required: true, server: true, personal: 'none' },
  });

  schema.index({ user: 1, endpoint: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, endpoint: 1, status: 1, createdAt: -1, _id: -1 });
  // An event is put in once, however often it is looked at.
  schema.index({ endpoint: 1, eventId: 1 }, { unique: true });
  // What is to be sent, of one endpoint, and the earliest of each.
  schema.index(
    { status: 1, endpoint: 1, nextAttemptAt: 1, _id: 1 },
    { name: 'pending', partialFilterExpression: { status: 'PENDING' } },
  );
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const WebhookDelivery = entity('WebhookDelivery', define, {
  about: 'The delivery of an event to an endpoint, with what was sent and what was answered.',
  audited: false,
});

export type WebhookDeliveryDoc = DocOf<typeof WebhookDelivery>;
