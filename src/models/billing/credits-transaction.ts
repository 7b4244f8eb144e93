import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { accountHolder } from '../../rules.ts';
import { BOOKKEEPING } from '../reasons.ts';

export const TRANSACTION_TYPES = ['PURCHASE', 'SPEND', 'REFUND', 'BONUS'] as const;
export const CAUSES = [
  ...(['PACKAGE', 'SUBSCRIPTION', 'JOB', 'GRANT', 'WELCOME', 'ADJUSTMENT'] as const),
  ...(['EXPIRY', 'DISPUTE', 'DEBT'] as const),
];

const fixed = { required: true, immutable: true, server: true } as const;

function makePostingSchema() {
  return new Schema(
    {
      account: { type: Schema.Types.UUID, required: true },
      amount: { type: Number, required: true, integer: true },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    account: ref('CreditAccount', { ...fixed, onDelete: 'keep', personal: BOOKKEEPING }),
    type: { type: String, ...fixed, enum: TRANSACTION_TYPES, personal: BOOKKEEPING },
    cause: {
      type: String,
      ...fixed,
      enum: CAUSES,
      personal: BOOKKEEPING,
      description: 'What it comes from.',
    },
    amount: {
      type: Number,
      ...fixed,
      integer: true,
      personal: BOOKKEEPING,
      description: 'In whole credits: added (+) or spent (-).',
    },
    balanceAfter: {
      type: Number,
      ...fixed,
      integer: true,
      min: 0,
      personal: BOOKKEEPING,
      description: 'In whole credits.',
    },
    postings: {
      type: [makePostingSchema()],
      ...fixed,
      select: false,
      maxItems: 2,
      personal: BOOKKEEPING,
      description: 'Double entry: what each account gains or loses; the sum is 0.',
    },
    payment: ref('Payment', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      personal: BOOKKEEPING,
      description: 'The payment that bought them.',
    }),
    job: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'restrict',
      personal: BOOKKEEPING,
      description: 'The job that they were spent on.',
    }),
    reverses: ref('CreditsTransaction', {
      immutable: true,
      server: true,
      onDelete: 'keep',
      personal: BOOKKEEPING,
      description: 'The entry that this one reverses.',
    }),
    reason: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 500,
      personal: BOOKKEEPING,
      description: 'The reason, for people.',
    },
    by: {
      type: Schema.Types.UUID,
      immutable: true,
      server: true,
      select: false,
      personal: BOOKKEEPING,
      description: 'The administrator who made it.',
    },
    key: {
      type: String,
      ...fixed,
      select: false,
      maxlength: 255,
      personal: 'none',
      description: 'Unique for each business fact: `payment:<id>`, `job:<id>`.',
    },
    sequence: {
      type: Number,
      ...fixed,
      integer: true,
      min: 1,
      personal: 'none',
      description: 'Its number among the entries of the account, without gaps.',
    },
    previousHash: {
      type: String,
      immutable: true,
      server: true,
      select: false,
      maxlength: 64,
      personal: 'none',
      description: 'The hash of the entry before; none of the first.',
    },
    hash: {
      type: String,
      ...fixed,
      select: false,
      maxlength: 64,
      personal: 'none',
      description: 'SHA-256 over the entry and `previousHash`.',
    },
  });

  schema.index({ account: 1, createdAt: -1, _id: -1 });
  schema.index({ account: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ account: 1, payment: 1, createdAt: -1, _id: -1 });
  schema.index({ account: 1, sequence: 1 }, { unique: true });
  // The first credits: once for an account.
  schema.index(
    { account: 1, cause: 1 },
    { name: 'welcome', unique: true, partialFilterExpression: { cause: 'WELCOME' } },
  );
  schema.index({ key: 1 }, { unique: true });
  schema.index({ payment: 1 }, { sparse: true });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ reverses: 1 }, { unique: true, sparse: true });

  return schema;
}

export const CreditsTransaction = entity('CreditsTransaction', define, {
  about:
    'An entry of the ledger of credits: inserted once, and never changed. It is its own audit log.',
  collection: 'creditsTransactions',
  owner: 'none',
  audited: false,
  appendOnly: true,
  readers: accountHolder,
});

export type CreditsTransactionDoc = DocOf<typeof CreditsTransaction>;
