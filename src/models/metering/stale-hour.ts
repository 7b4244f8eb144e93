import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    at: {
      personal: 'none',
      type: Date,
      required: true,
      server: true,
      description: 'When the hour begins.',
    },
  });

  schema.index({ at: 1 }, { unique: true });

  return schema;
}

export const StaleHour = entity('StaleHour', define, {
  about:
    'An hour in which something was counted since the stats of the whole app were last made of it. Its version grows with each change.',
  owner: 'none',
  audited: false,
});
