import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

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
      description: 'In minor units of the currency.',
    },
    currency: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      match: /^[A-Z]{3}$/,
      description: 'ISO 4217: `EUR`.',
    },
    credits: {
      type: Number,
      required: true,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      description: 'The credits that are bought, in whole credits.',
    },
    package: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      description: 'The package that is bought.',
    },
    provider: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: PAYMENT_PROVIDERS,
      default: 'STRIPE',
    },
    providerId: {
      type: String,
      server: true,
      select: false,
      maxlength: 255,
      description: 'Its id at the provider.',
    },
    paymentMethod: ref('PaymentMethod', { immutable: true, onDelete: 'unset' }),
    status: {
      type: String,
      required: true,
      enum: PAYMENT_STATUSES,
      default: 'PENDING',
      server: true,
    },
    refundedAmount: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      description: 'In minor units of the currency; less than `amount` for a partial refund.',
    },
    receiptUrl: {
      type: String,
      server: true,
      maxlength: 2048,
      description: "The provider's receipt.",
    },
    error: errorField,
    completedAt: { type: Date, server: true, description: 'When the payment succeeded.' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ paymentMethod: 1 }, { sparse: true });
  schema.index(
    { provider: 1, providerId: 1 },
    { unique: true, partialFilterExpression: { providerId: { $exists: true } } },
  );
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const Payment = entity('Payment', define, {
  about: 'A purchase of credits, as reported by the payment provider.',
});
