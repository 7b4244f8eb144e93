import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';

const TRANSACTION_TYPES = ['PURCHASE', 'SPEND', 'REFUND', 'BONUS'] as const;

function define() {
  const schema = new Schema({
    type: { type: String, required: true, immutable: true, server: true, enum: TRANSACTION_TYPES },
    amount: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      description: 'In whole credits: positive if added, negative if spent.',
    },
    balanceAfter: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 0,
      description: 'In whole credits.',
    },
    payment: ref('Payment', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'The payment for the credits.',
    }),
    job: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'The job that the credits were spent on.',
    }),
    reverses: ref('CreditsTransaction', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'The entry that this one reverses.',
    }),
    reason: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 500,
      description: 'The reason, for people.',
    },
    key: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      select: false,
      maxlength: 255,
      description:
        'Idempotency key, unique per business event: `payment:<id>`, `job:<id>:capture`.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, payment: 1, createdAt: -1, _id: -1 });
  schema.index({ key: 1 }, { unique: true });
  schema.index({ payment: 1 }, { sparse: true });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ reverses: 1 }, { sparse: true });
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const CreditsTransaction = entity('CreditsTransaction', define, {
  about: 'An entry of the credit ledger: append-only; the entries always add up to the balance.',
  collection: 'creditsTransactions',
});
