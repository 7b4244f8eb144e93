import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { EXPIRING_HASH } from '../reasons.ts';

function define() {
  const schema = new Schema({
    key: {
      type: String,
      required: true,
      personal: EXPIRING_HASH,
      description: 'SHA-256 of the limit and the caller.',
    },
    count: {
      type: Number,
      required: true,
      integer: true,
      personal: 'none',
      description: 'Attempts, with those that are still under way.',
    },
    counted: {
      type: Schema.Types.UUID,
      personal: 'none',
      description: 'The attempt that was counted last.',
    },
    countedAt: { type: Date, personal: 'none' },
    failures: {
      type: Number,
      integer: true,
      personal: 'none',
      description: 'How many of them have failed.',
    },
    expiresAt: {
      type: Date,
      required: true,
      personal: 'none',
      description: 'When the window ends.',
    },
  });

  schema.index({ key: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const RateCount = entity('RateCount', define, {
  about: 'How many attempts there were in a window of time, counted for all instances together.',
  owner: 'none',
  audited: false,
});
