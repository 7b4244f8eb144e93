import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    sequence: {
      type: Number,
      required: true,
      integer: true,
      description: 'The last place that was given.',
    },
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const EventHead = entity('EventHead', define, {
  about:
    'How many events of a user have their place. Whoever gives places writes it, so one at a time does.',
  audited: false,
});
