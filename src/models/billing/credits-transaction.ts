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
      description: 'In whole credits: what came (+) or went (-).',
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
      description: 'What was paid for it.',
    }),
    job: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'What it was spent on.',
    }),
    reverses: ref('CreditsTransaction', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      description: 'The entry that this one takes back.',
    }),
    reason: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 500,
      description: 'Why, in words for people.',
    },
    key: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      select: false,
      maxlength: 255,
      description: 'One business fact, one entry: `payment:<id>`, `job:<id>:capture`.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, payment: 1, createdAt: -1, _id: -1 });
  schema.index({ key: 1 }, { unique: true });
  schema.index({ payment: 1 }, { sparse: true });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ reverses: 1 }, { sparse: true });
  // Marks that a removal left when it was cut off.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const CreditsTransaction = entity('CreditsTransaction', define, {
  about: 'One entry of the ledger of credits: append-only, and right in sum at any time.',
  collection: 'creditsTransactions',
});
