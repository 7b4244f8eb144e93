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
      personal: 'export',
      description: 'The metric: `tracks.uploaded`.',
    },
    count: {
      type: Number,
      required: true,
      integer: true,
      min: 0,
      server: true,
      personal: 'export',
    },
    sum: { type: Number, required: true, server: true, personal: 'export' },
    min: { type: Number, server: true, personal: 'none' },
    max: { type: Number, server: true, personal: 'none' },
    dimensions: freeForm(2048, {
      required: true,
      default: () => ({}),
      server: true,
      personal: 'export',
      description: 'Dimensions that distinguish the values of a metric: key → value.',
    }),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: 1, dimensions: 1 }, { unique: true });

  return schema;
}

export const Stat = entity('Stat', define, {
  about: 'A metric over a period: of a user, or of the whole app.',
  owner: 'optional',
  audited: false,
});
