import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';
import { BOOKKEEPING } from '../reasons.ts';
import { spentKeysField } from './spent-keys-field.ts';

const PAYMENT_STATUSES = ['PENDING', 'COMPLETED', 'FAILED', 'REFUNDED'] as const;
export const PAYMENT_PROVIDERS = ['STRIPE'] as const;
const PAYMENT_FLOWS = ['CHECKOUT', 'INTENT', 'OFF_SESSION', 'SUBSCRIPTION'] as const;

const hidden = { server: true, select: false } as const;

function makeRefundKeysSchema() {
  return new Schema(
    {
      request: { type: String, required: true, maxlength: 64 },
      spent: { type: Number, required: true, integer: true, min: 0 },
    },
    { _id: false },
  );
}

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
      min: 0,
      personal: BOOKKEEPING,
      description: 'The credits that are bought, in whole credits; 0 where a plan has none.',
    },
    package: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      personal: BOOKKEEPING,
      description: 'The package of credits that is bought, or the plan that is paid for.',
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
      description:
        'The id of its Checkout session or invoice or, without one, of its PaymentIntent.',
    },
    intentId: {
      type: String,
      ...hidden,
      maxlength: 255,
      personal: BOOKKEEPING,
      description: 'The id of its PaymentIntent, which refunds and disputes name.',
    },
    flow: {
      type: String,
      required: true,
      immutable: true,
      enum: PAYMENT_FLOWS,
      default: 'CHECKOUT',
      personal: BOOKKEEPING,
      description:
        'Paid on a page of the provider, in the client by a PaymentIntent, by a saved method, or for a period of a subscription.',
    },
    paymentMethod: ref('PaymentMethod', { immutable: true, onDelete: 'unset', personal: 'export' }),
    subscription: ref('Subscription', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      personal: BOOKKEEPING,
      description: 'The subscription that it is for.',
    }),
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
    invoiceUrl: {
      type: String,
      server: true,
      maxlength: 2048,
      personal: BOOKKEEPING,
      description: "The provider's invoice.",
    },
    error: errorField(),
    refundKeys: {
      type: [makeRefundKeysSchema()],
      ...hidden,
      default: undefined,
      maxItems: 20,
      personal: 'none',
      description:
        'How many idempotency keys of each request for a refund have brought an error that the provider keeps.',
    },
    spentKeys: spentKeysField,
    lookedUpAt: {
      type: Date,
      ...hidden,
      personal: 'none',
      description: 'When the provider was last asked for what became of it, while it is PENDING.',
    },
    recheckAt: {
      type: Date,
      ...hidden,
      personal: 'none',
      description:
        'When the provider is to be asked once more, unless somebody did: what went back has changed.',
    },
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
  schema.index({ subscription: 1 }, { sparse: true });
  schema.index(
    { provider: 1, providerId: 1 },
    { unique: true, partialFilterExpression: { providerId: { $exists: true } } },
  );
  schema.index({ intentId: 1 }, { sparse: true });
  schema.index(
    { lookedUpAt: 1, recheckAt: 1 },
    { partialFilterExpression: { recheckAt: { $exists: true } } },
  );
  // For administrators, and for what is not finished.
  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ status: 1, createdAt: -1, _id: -1 });
  // What waits to be looked up: what was looked at longest ago comes first.
  const isPending = { partialFilterExpression: { status: 'PENDING' } };
  schema.index({ providerId: 1, lookedUpAt: 1, createdAt: 1 }, { name: 'unopened', ...isPending });
  schema.index({ flow: 1, lookedUpAt: 1, createdAt: 1 }, { name: 'unpaid', ...isPending });
  // What a night's reconciliation looks at.
  schema.index({ completedAt: 1 }, { sparse: true });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const Payment = entity('Payment', define, {
  about: 'A payment for credits, as the payment provider reports it.',
});

export type PaymentDoc = DocOf<typeof Payment>;
