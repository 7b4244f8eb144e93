import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';
import { rollUpFields } from './roll-up-fields.ts';

function define() {
  const schema = new Schema({
    ...rollUpFields,
    metric: {
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      description: 'The metric: `tracks.uploaded`.',
    },
    count: { type: Number, required: true, integer: true, min: 0, server: true },
    sum: { type: Number, required: true, server: true },
    min: { type: Number, server: true },
    max: { type: Number, server: true },
    dimensions: freeForm(2048, {
      required: true,
      default: () => ({}),
      server: true,
      description: 'The dimensions of the value: key → value.',
    }),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: 1, dimensions: 1 }, { unique: true });

  return schema;
}

export const Stat = entity('Stat', define, {
  about: 'One metric over one period, of a user or, without one, of the whole app.',
  owner: 'optional',
  audited: false,
});
