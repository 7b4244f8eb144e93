import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

const DAY = 24 * 3600;

function define() {
  const schema = new Schema({
    type: {
      type: String,
      required: true,
      maxlength: 64,
      personal: 'none',
      description: 'What happened: `job.updated`, `track.ready`.',
    },
    entity: {
      type: String,
      required: true,
      maxlength: 64,
      personal: 'none',
      description: 'The kind of document.',
    },
    document: {
      type: Schema.Types.UUID,
      required: true,
      personal: 'none',
      description: 'What it tells of. No reference: an event outlives its document.',
    },
    project: {
      type: Schema.Types.UUID,
      personal: 'none',
      description: 'The project of the document.',
    },
    job: {
      type: Schema.Types.UUID,
      personal: 'none',
      description: 'The job, where it tells of one, or of what is done by one.',
    },
    status: {
      type: String,
      maxlength: 32,
      personal: 'none',
      description: 'The status that the document has since this event.',
    },
    revision: {
      type: Number,
      required: true,
      integer: true,
      personal: 'none',
      description: 'The `version` of the document: orders the events of one document.',
    },
    data: freeForm(1024 * 1024, {
      required: true,
      personal: 'erase',
      description: 'The document as this change left it, without hidden fields.',
    }),
    sequence: {
      type: Number,
      integer: true,
      personal: 'none',
      description:
        'Its place among the events of its user, without gaps: given after the commit, when somebody reads them.',
    },
    forWebhooks: {
      type: Boolean,
      personal: 'none',
      description: 'Set until it was looked at for deliveries to the webhooks of its user.',
    },
  });

  // For reading after a place, and, where there is no place yet, in the order of their ids.
  schema.index({ user: 1, sequence: 1, _id: 1 });
  schema.index(
    { createdAt: 1, _id: 1 },
    { name: 'webhooks', partialFilterExpression: { forWebhooks: true } },
  );
  schema.index({ createdAt: 1 }, { expireAfterSeconds: DAY });

  return schema;
}

export const Event = entity('Event', define, {
  about:
    'What happened to a job, a medium or an export of a user, written in the transaction of the change and kept for a day. Listeners and webhooks are served from it.',
  audited: false,
  watched: true,
});

export type EventDoc = DocOf<typeof Event>;
