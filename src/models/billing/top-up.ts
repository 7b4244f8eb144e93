import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

const TOP_UP_STATUSES = ['ACTIVE', 'PAUSED', 'OFF'] as const;

const own = { server: true, personal: 'export' } as const;

function define() {
  const schema = new Schema({
    package: {
      ...own,
      type: String,
      required: true,
      maxlength: 64,
      description: 'The package of credits that is bought each time.',
    },
    currency: {
      ...own,
      type: String,
      required: true,
      match: /^[A-Z]{3}$/,
      description: 'ISO 4217: `EUR`.',
    },
    threshold: {
      ...own,
      type: Number,
      required: true,
      integer: true,
      min: 1,
      max: 1_000_000,
      description: 'It is bought when fewer credits than that are available.',
    },
    mostPerDay: {
      ...own,
      type: Number,
      required: true,
      integer: true,
      min: 1,
      max: 20,
      default: 3,
      description: 'How often at most in a day by UTC.',
    },
    paymentMethod: ref('PaymentMethod', {
      ...own,
      // Were it unset, a method that nobody chose would be charged.
      onDelete: 'keep',
      description:
        'What is charged, and no other: once it is removed, nothing is bought. Without one, the default or else the newest.',
    }),
    status: {
      ...own,
      type: String,
      required: true,
      enum: TOP_UP_STATUSES,
      default: 'ACTIVE',
      description:
        'PAUSED: nothing is bought until it is set again; `error` says why. OFF: taken away, and kept for what it bought on its last day.',
    },
    error: errorField(),
    payment: {
      ...own,
      type: Schema.Types.UUID,
      description: 'The latest payment that it made.',
    },
    day: { ...own, type: Date, description: 'The day that `purchases` is of.' },
    purchases: {
      ...own,
      type: Number,
      required: true,
      integer: true,
      min: 0,
      default: 0,
      description: 'How often something was bought on that day.',
    },
  });

  schema.index({ user: 1 }, { unique: true });
  schema.index({ paymentMethod: 1 }, { sparse: true });
  schema.index({ status: 1, _id: 1 });

  return schema;
}

export const TopUp = entity('TopUp', define, {
  about: 'What is bought, with a saved method, whenever credits run low: one of a user.',
});

export type TopUpDoc = DocOf<typeof TopUp>;
