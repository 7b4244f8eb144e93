import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';
import { PAYMENT_PROVIDERS } from './payment.ts';
import { spentKeysField } from './spent-keys-field.ts';

function define() {
  const schema = new Schema({
    provider: {
      personal: 'none',
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: PAYMENT_PROVIDERS,
      default: 'STRIPE',
    },
    providerId: {
      personal: BOOKKEEPING,
      type: String,
      server: true,
      select: false,
      maxlength: 255,
      description: 'Its id at the provider, while there is such a customer.',
    },
    spentKeys: spentKeysField,
  });

  schema.index({ user: 1, provider: 1 }, { unique: true });
  schema.index(
    { provider: 1, providerId: 1 },
    { unique: true, partialFilterExpression: { providerId: { $exists: true } } },
  );

  return schema;
}

export const PaymentCustomer = entity('PaymentCustomer', define, {
  about: 'Who a user is at the payment provider.',
});

export type PaymentCustomerDoc = DocOf<typeof PaymentCustomer>;
