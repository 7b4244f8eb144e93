import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';
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
      description: 'The metric: `exports`. docs/metering.md lists them.',
    },
    count: {
      type: Number,
      required: true,
      integer: true,
      min: 0,
      server: true,
      personal: 'export',
      description: 'How many amounts there were.',
    },
    sum: {
      type: Number,
      required: true,
      server: true,
      personal: 'export',
      description: 'The sum of the amounts.',
    },
    min: { type: Number, server: true, personal: 'none' },
    max: { type: Number, server: true, personal: 'none' },
    dimensions: freeForm(2048, {
      required: true,
      default: () => ({}),
      server: true,
      personal: 'export',
      description: 'Dimensions that distinguish the values of a metric: key → value.',
    }),
    digest: {
      type: Buffer,
      server: true,
      select: false,
      personal: 'none',
      description:
        'An HDR histogram of the values, compressed: those of hours add up to that of their day.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: -1, _id: -1 });
  schema.index({ user: 1, metric: 1, period: 1, at: 1, dimensions: 1 }, { unique: true });
  // For the stats of the whole app: those of all users in a period.
  schema.index({ period: 1, at: 1, metric: 1, user: 1 });

  return schema;
}

export const Stat = entity('Stat', define, {
  about: 'A metric over a period: of a user, or of the whole app.',
  owner: 'optional',
  audited: false,
});

export type StatDoc = DocOf<typeof Stat>;
