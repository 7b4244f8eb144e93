import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';
import { BOOKKEEPING } from '../reasons.ts';
import { PAYMENT_PROVIDERS } from './payment.ts';
import { spentKeysField } from './spent-keys-field.ts';

const SUBSCRIPTION_STATUSES = ['PENDING', 'ACTIVE', 'PAST_DUE', 'CANCELLED'] as const;

const server = { server: true, personal: BOOKKEEPING } as const;
const hidden = { ...server, select: false } as const;

function makeTurnSchema() {
  return new Schema(
    {
      by: { type: String, required: true, maxlength: 64, description: 'The request.' },
      until: { type: Date, required: true },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    plan: {
      ...server,
      type: String,
      required: true,
      maxlength: 32,
      description: 'The plan that is paid for; while it is PENDING, the one that was chosen.',
    },
    nextPlan: {
      ...server,
      type: String,
      maxlength: 32,
      description: 'The plan of the next period, where it is another one.',
    },
    changing: {
      ...hidden,
      type: makeTurnSchema(),
      description: 'Which request changes the plan, and until when no other one may.',
    },
    currency: {
      ...server,
      type: String,
      required: true,
      immutable: true,
      match: /^[A-Z]{3}$/,
      description: 'ISO 4217: `EUR`.',
    },
    provider: {
      ...server,
      type: String,
      required: true,
      immutable: true,
      enum: PAYMENT_PROVIDERS,
      default: 'STRIPE',
    },
    providerId: {
      ...hidden,
      type: String,
      maxlength: 255,
      description: 'Its id at the provider, once it was paid for.',
    },
    checkoutId: {
      ...hidden,
      type: String,
      maxlength: 255,
      description: 'The id of the Checkout session by which it began.',
    },
    status: {
      ...server,
      type: String,
      required: true,
      enum: SUBSCRIPTION_STATUSES,
      default: 'PENDING',
    },
    periodStart: { ...server, type: Date, description: 'The period that is paid.' },
    periodEnd: { ...server, type: Date, description: 'When that ends.' },
    cancelAtPeriodEnd: {
      ...server,
      type: Boolean,
      required: true,
      default: false,
      description: 'Whether it ends then.',
    },
    graceUntil: {
      ...server,
      type: Date,
      description: 'While it is PAST_DUE: until when its plan is kept nevertheless.',
    },
    endedAt: { ...server, type: Date, description: 'When it was seen to have ended.' },
    isEntitled: {
      ...hidden,
      type: Boolean,
      required: true,
      default: false,
      description: 'Whether the account has the plan by it.',
    },
    isOpen: {
      ...hidden,
      type: Boolean,
      description: 'True until it has ended: of those an account has one.',
    },
    error: errorField(),
    spentKeys: spentKeysField,
    lookedUpAt: {
      ...hidden,
      type: Date,
      description: 'When the provider was last asked about it because nothing was told.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index(
    { user: 1 },
    { name: 'open', unique: true, partialFilterExpression: { isOpen: true } },
  );
  schema.index(
    { provider: 1, providerId: 1 },
    { unique: true, partialFilterExpression: { providerId: { $exists: true } } },
  );
  // For what time brings: openings that nobody knows the outcome of, graces, and periods that have ended. What
  // was looked at longest ago comes first.
  schema.index({ status: 1, checkoutId: 1, lookedUpAt: 1, createdAt: 1 });
  schema.index({ status: 1, lookedUpAt: 1, createdAt: 1 });
  schema.index({ status: 1, lookedUpAt: 1, graceUntil: 1 });
  schema.index({ status: 1, lookedUpAt: 1, periodEnd: 1 });
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const Subscription = entity('Subscription', define, {
  about:
    'A plan that is paid for again each period, as the payment provider reports it: it gives allowances, and credits.',
});

export type SubscriptionDoc = DocOf<typeof Subscription>;
