import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';

function makeOwnerSchema() {
  return new Schema(
    {
      kind: { type: String, required: true, enum: ['USER', 'SYSTEM'] },
      id: { type: Schema.Types.UUID, description: 'The id of the user; none of the system.' },
    },
    { _id: false },
  );
}

/** What an account is for; each but a user's own is derived from the entries that name it. */
const ACCOUNT_PURPOSES = [
  ...(['USER', 'REVENUE', 'PROMOTIONS', 'REFUNDS', 'DISPUTES', 'DEBT'] as const),
];

const credits = { type: Number, required: true, default: 0, integer: true, min: 0, server: true };

function define() {
  const schema = new Schema({
    owner: {
      type: makeOwnerSchema(),
      required: true,
      immutable: true,
      server: true,
      personal: BOOKKEEPING,
    },
    purpose: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: ACCOUNT_PURPOSES,
      default: 'USER',
      personal: 'none',
    },
    available: {
      ...credits,
      personal: 'export',
      description: 'Whole credits that can be spent. The database itself refuses a negative value.',
    },
    held: {
      ...credits,
      personal: 'export',
      description: 'Whole credits that running work has reserved. With `available` the balance.',
    },
    debt: {
      ...credits,
      personal: BOOKKEEPING,
      description:
        'Whole credits that a refund or a dispute took back after they were spent; paid first.',
    },
    isFrozen: {
      type: Boolean,
      required: true,
      default: false,
      server: true,
      personal: 'none',
      description: 'Whether nothing may be spent, as during a dispute.',
    },
    hasLots: {
      type: Boolean,
      server: true,
      select: false,
      personal: 'none',
      description: 'Whether it ever had credits that expire.',
    },
    sequence: {
      ...credits,
      select: false,
      personal: 'none',
      description: 'The number of the last entry.',
    },
    headHash: {
      type: String,
      server: true,
      select: false,
      maxlength: 64,
      personal: 'none',
      description: 'The hash of the last entry.',
    },
  });

  schema.index({ 'owner.id': 1 }, { sparse: true });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const CreditAccount = entity('CreditAccount', define, {
  about:
    "What an owner can spend: the sum of the entries that name the account. A user's own has the user's id.",
  owner: 'none',
  audited: false,
  verified: true,
});

export type CreditAccountDoc = DocOf<typeof CreditAccount>;
