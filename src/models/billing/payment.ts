import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';
import { BOOKKEEPING } from '../reasons.ts';

const PAYMENT_STATUSES = ['PENDING', 'COMPLETED', 'FAILED', 'REFUNDED'] as const;
export const PAYMENT_PROVIDERS = ['STRIPE'] as const;

function define() {
  const schema = new Schema({
    amount: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 0,
      personal: BOOKKEEPING,
      description: 'In minor units of the currency.',
    },
    currency: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      match: /^[A-Z]{3}$/,
      personal: BOOKKEEPING,
      description: 'ISO 4217: `EUR`.',
    },
    credits: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      personal: BOOKKEEPING,
      description: 'The credits that are bought, in whole credits.',
    },
    package: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      personal: BOOKKEEPING,
      description: 'The package of credits that is bought.',
    },
    provider: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: PAYMENT_PROVIDERS,
      default: 'STRIPE',
      personal: BOOKKEEPING,
    },
    providerId: {
      type: String,
      server: true,
      select: false,
      maxlength: 255,
      personal: BOOKKEEPING,
      description: 'Its id at the provider.',
    },
    paymentMethod: ref('PaymentMethod', { immutable: true, onDelete: 'unset', personal: 'export' }),
    status: {
      type: String,
      required: true,
      enum: PAYMENT_STATUSES,
      default: 'PENDING',
      server: true,
      personal: BOOKKEEPING,
    },
    refundedAmount: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      personal: BOOKKEEPING,
      description: 'In minor units of the currency; less than `amount` for a partial refund.',
    },
    receiptUrl: {
      type: String,
      server: true,
      maxlength: 2048,
      personal: BOOKKEEPING,
      description: "The provider's receipt.",
    },
    error: errorField,
    completedAt: {
      type: Date,
      server: true,
      personal: BOOKKEEPING,
      description: 'When the payment completed.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ paymentMethod: 1 }, { sparse: true });
  schema.index(
    { provider: 1, providerId: 1 },
    { unique: true, partialFilterExpression: { providerId: { $exists: true } } },
  );
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const Payment = entity('Payment', define, {
  about: 'A payment for credits, as the payment provider reports it.',
});
