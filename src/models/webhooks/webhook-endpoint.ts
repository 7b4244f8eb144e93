import { Schema } from 'mongoose';
import { type DocOf, encrypted, entity, ref } from '../../data/entity.ts';

/** Why an endpoint is no longer sent anything. */
const DISABLED_REASONS = ['FAILING', 'GONE'] as const;

function define() {
  const schema = new Schema({
    url: {
      type: String,
      required: true,
      maxlength: 2048,
      match: /^https?:\/\/[^\s/]+(\/\S*)?$/,
      personal: 'export',
      description:
        'The URL that events are sent to: `https`, on the public internet. In development also `http`, and the machine itself.',
    },
    description: { type: String, trim: true, maxlength: 500, personal: 'export' },
    events: {
      type: [{ type: String, maxlength: 64, match: /^(\*|[a-z]+\.([a-z_]+|\*))$/ }],
      required: true,
      maxItems: 50,
      personal: 'none',
      description: 'The events that are sent: `track.ready`, `job.*`, `*`.',
    },
    enabled: {
      type: Boolean,
      required: true,
      default: true,
      personal: 'none',
      description:
        'Whether events are sent. False as well once it has failed for three days, or answered 410: true begins again, with what waits.',
    },
    disabledReason: {
      type: String,
      enum: DISABLED_REASONS,
      server: true,
      personal: 'none',
      description:
        'Why it was disabled, where that was not by PATCH: FAILING, nothing was delivered for three days; GONE, it answered 410.',
    },
    disabledAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'Since when, where that was not by PATCH.',
    },
    secret: encrypted(
      { type: String, maxlength: 255 },
      {
        server: true,
        shows: 'last4',
        personal: 'erase',
        description: 'The secret that signs deliveries (Standard Webhooks).',
      },
    ),
    previousSecret: encrypted(
      { type: String, maxlength: 255 },
      {
        server: true,
        shows: 'last4',
        personal: 'erase',
        description: 'The secret before, which signs as well until `previousSecretUntil`.',
      },
    ),
    previousSecretUntil: { type: Date, server: true, personal: 'none' },
    failures: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'How many attempts have failed in a row.',
    },
    failingSince: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When the first of them failed.',
    },
    retryAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'Until then nothing is sent, since several attempts in a row have failed.',
    },
    job: ref('Job', {
      server: true,
      select: false,
      onDelete: 'unset',
      personal: 'none',
      description: 'The job that sends what waits.',
    }),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ job: 1 }, { sparse: true });

  return schema;
}

export const WebhookEndpoint = entity('WebhookEndpoint', define, {
  about: 'A URL of a user that events are sent to, and the secret that signs them.',
  unversioned: ['failures', 'failingSince', 'retryAt'],
  events: ['disabled'],
});

export type WebhookEndpointDoc = DocOf<typeof WebhookEndpoint>;
