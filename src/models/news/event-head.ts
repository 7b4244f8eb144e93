import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { ID_FORM } from '../../data/ids.ts';

/** A stream that is open, until its process renews this no more. */
function makeStreamSchema() {
  return new Schema(
    {
      id: { type: String, required: true, match: ID_FORM, personal: 'none' },
      until: { type: Date, required: true, personal: 'none' },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    sequence: {
      type: Number,
      required: true,
      integer: true,
      personal: 'none',
      description: 'The last place that is promised.',
    },
    batch: {
      type: [{ type: String, match: ID_FORM }],
      default: undefined,
      maxItems: 200,
      personal: 'none',
      description:
        'The events that the last places are promised to, in order, until all of them have theirs.',
    },
    streams: {
      type: [makeStreamSchema()],
      default: undefined,
      maxItems: 200,
      personal: 'none',
      description: 'The streams that are open, each with a lease.',
    },
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const EventHead = entity('EventHead', define, {
  about:
    'Which places are given to the events of a user, or promised. Whoever gives some writes it first, so one at a time does. And which streams are open to the user.',
  audited: false,
});
