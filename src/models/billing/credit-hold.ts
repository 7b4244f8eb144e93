import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';

const HOLD_STATES = ['HELD', 'CAPTURED', 'RELEASED', 'EXPIRED'] as const;

function define() {
  const schema = new Schema({
    account: ref('CreditAccount', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'restrict',
      personal: BOOKKEEPING,
    }),
    amount: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      personal: BOOKKEEPING,
      description: 'In whole credits.',
    },
    job: {
      type: Schema.Types.UUID,
      required: true,
      immutable: true,
      server: true,
      personal: 'none',
      description: 'The job that the credits are reserved for; it may be gone by now.',
    },
    state: {
      type: String,
      required: true,
      enum: HOLD_STATES,
      default: 'HELD',
      server: true,
      personal: 'none',
    },
    endedAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When it was captured or released.',
    },
  });

  schema.index({ account: 1, state: 1 });
  // A job that was started anew holds anew, after its former hold has ended.
  schema.index(
    { job: 1 },
    { name: 'held', unique: true, partialFilterExpression: { state: 'HELD' } },
  );
  schema.index({ state: 1, createdAt: 1 });
  // For finding those whose job is gone.
  schema.index({ _id: 1, state: 1 }, { name: 'open', partialFilterExpression: { state: 'HELD' } });

  return schema;
}

export const CreditHold = entity('CreditHold', define, {
  about: 'Credits reserved for running work: captured when it completes, released otherwise.',
  owner: 'none',
  audited: false,
  verified: true,
});

export type CreditHoldDoc = DocOf<typeof CreditHold>;
