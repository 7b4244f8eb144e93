import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';

const HOLD_STATES = ['HELD', 'CAPTURED', 'RELEASED', 'EXPIRED'] as const;

function define() {
  const schema = new Schema({
    amount: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      description: 'In whole credits.',
    },
    job: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'The job that the credits are reserved for.',
    }),
    state: { type: String, required: true, enum: HOLD_STATES, default: 'HELD', server: true },
    expiresAt: {
      type: Date,
      required: true,
      server: true,
      description: 'When the hold is released, if it has not ended before.',
    },
  });

  schema.index({ user: 1, state: 1 });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ state: 1, expiresAt: 1 });

  return schema;
}

export const CreditHold = entity('CreditHold', define, {
  about: 'Credits reserved for running work: captured when it completes, released otherwise.',
  audited: false,
});
