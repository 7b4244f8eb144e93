import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { PAYMENT_PROVIDERS } from './payment.ts';

function define() {
  const schema = new Schema({
    provider: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: PAYMENT_PROVIDERS,
      default: 'STRIPE',
      personal: 'export',
    },
    providerId: {
      type: String,
      required: true,
      server: true,
      select: false,
      maxlength: 255,
      personal: 'erase',
      description: 'Its id at the provider.',
    },
    type: {
      type: String,
      required: true,
      server: true,
      maxlength: 32,
      personal: 'export',
      description: 'Its kind, as the provider calls it: `card`.',
    },
    brand: {
      type: String,
      server: true,
      maxlength: 32,
      personal: 'export',
      description: 'Of a card: `visa`.',
    },
    last4: {
      type: String,
      server: true,
      match: /^\d{4}$/,
      personal: 'export',
      description: 'The last four digits.',
    },
    expMonth: { type: Number, server: true, integer: true, min: 1, max: 12, personal: 'export' },
    expYear: {
      type: Number,
      server: true,
      integer: true,
      min: 2000,
      max: 2199,
      personal: 'export',
    },
    isDefault: {
      type: Boolean,
      required: true,
      default: false,
      personal: 'export',
      description: 'Whether it is the default; one for each user.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1 }, { unique: true, partialFilterExpression: { isDefault: true } });
  schema.index({ provider: 1, providerId: 1 }, { unique: true });

  return schema;
}

export const PaymentMethod = entity('PaymentMethod', define, {
  about: 'A payment method, such as a card: only what may be shown. Its number is never stored.',
});

export type PaymentMethodDoc = DocOf<typeof PaymentMethod>;
