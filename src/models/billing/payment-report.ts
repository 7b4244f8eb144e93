import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { admin } from '../../rules.ts';
import { countField } from '../count-field.ts';
import { BOOKKEEPING } from '../reasons.ts';

/** What may differ between the provider's books and ours. */
export const DIFFERENCES = [
  ...(['MISSING', 'UNKNOWN', 'DOUBLE', 'AMOUNT', 'CURRENCY', 'REFUND', 'CREDITS'] as const),
  'DISPUTE' as const,
];

function makeDifferenceSchema() {
  return new Schema(
    {
      kind: { type: String, required: true, enum: DIFFERENCES },
      payment: { type: Schema.Types.UUID, description: 'Our payment, where there is one.' },
      providerId: {
        type: String,
        maxlength: 255,
        description: 'What it is about at the provider.',
      },
      message: { type: String, required: true, maxlength: 500 },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    from: { personal: 'none', type: Date, required: true, server: true },
    to: { personal: 'none', type: Date, required: true, server: true },
    charges: countField('How many of the provider were compared.'),
    payments: countField('How many of ours were compared.'),
    differences: {
      personal: BOOKKEEPING,
      type: [makeDifferenceSchema()],
      required: true,
      server: true,
      maxItems: 500,
      description: 'The first five hundred.',
    },
    differenceCount: {
      personal: 'none',
      type: Number,
      required: true,
      server: true,
      integer: true,
      min: 0,
    },
  });

  schema.index({ createdAt: -1, _id: -1 });

  return schema;
}

export const PaymentReport = entity('PaymentReport', define, {
  about: "A night's comparison of the payments here with those of the provider.",
  owner: 'none',
  audited: false,
  readers: admin,
});

export type PaymentReportDoc = DocOf<typeof PaymentReport>;
