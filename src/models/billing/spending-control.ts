import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    isStopped: {
      type: Boolean,
      required: true,
      default: false,
      server: true,
      personal: 'none',
      description: 'Whether an administrator has stopped all paid work.',
    },
    reason: {
      type: String,
      server: true,
      maxlength: 500,
      personal: 'none',
      description: 'Why, for people.',
    },
    hour: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'The hour that `spent` is of.',
    },
    spent: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'Credits that all accounts together have had held in that hour.',
    },
    measuredAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When that was added up.',
    },
    toldAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'The hour for which an alarm was raised last.',
    },
    told: {
      type: String,
      server: true,
      maxlength: 64,
      personal: 'none',
      description: 'Which alarm that was.',
    },
  });

  return schema;
}

export const SpendingControl = entity('SpendingControl', define, {
  about:
    'One document for the whole app: the switch that stops paid work, and what an hour has cost.',
  owner: 'none',
  unversioned: ['hour', 'spent', 'measuredAt', 'toldAt', 'told'],
});

export type SpendingControlDoc = DocOf<typeof SpendingControl>;
