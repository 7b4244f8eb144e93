import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';

const DISPUTE_STATES = ['OPEN', 'LOST', 'WON'] as const;

function define() {
  const schema = new Schema({
    payment: ref('Payment', {
      personal: BOOKKEEPING,
      required: true,
      immutable: true,
      server: true,
      onDelete: 'restrict',
    }),
    providerId: {
      personal: BOOKKEEPING,
      type: String,
      required: true,
      immutable: true,
      server: true,
      select: false,
      maxlength: 255,
      description: 'Its id at the provider.',
    },
    amount: {
      personal: BOOKKEEPING,
      type: Number,
      required: true,
      server: true,
      integer: true,
      min: 0,
      description: "In minor units of the payment's currency.",
    },
    status: {
      personal: BOOKKEEPING,
      type: String,
      required: true,
      enum: DISPUTE_STATES,
      server: true,
    },
    openedAt: { personal: BOOKKEEPING, type: Date, required: true, server: true },
    closedAt: { personal: BOOKKEEPING, type: Date, server: true },
  });

  schema.index({ payment: 1 });
  schema.index({ providerId: 1 }, { unique: true });
  schema.index({ user: 1, status: 1 });
  schema.index({ openedAt: 1 }, { partialFilterExpression: { status: 'OPEN' } });

  return schema;
}

export const Dispute = entity('Dispute', define, {
  about:
    "A payment that the payer's bank disputes. While one is open, the account's credits are frozen.",
});

export type DisputeDoc = DocOf<typeof Dispute>;
