import { Schema } from 'mongoose';
import { type DocOf, entity, ref } from '../../data/entity.ts';
import { BOOKKEEPING } from '../reasons.ts';

function define() {
  const schema = new Schema({
    account: ref('CreditAccount', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'restrict',
      personal: BOOKKEEPING,
    }),
    source: ref('CreditsTransaction', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'keep',
      personal: BOOKKEEPING,
      description: 'The entry that brought them.',
    }),
    remaining: {
      type: Number,
      required: true,
      integer: true,
      min: 0,
      server: true,
      personal: BOOKKEEPING,
      description: 'Whole credits of it that are neither spent nor expired.',
    },
    expiresAt: {
      type: Date,
      required: true,
      immutable: true,
      server: true,
      personal: BOOKKEEPING,
      description: 'When they expire, unless running work holds them.',
    },
  });

  // What expires first is spent first.
  const isLeft = { partialFilterExpression: { remaining: { $gt: 0 } } };
  schema.index({ account: 1, expiresAt: 1 }, { name: 'left', ...isLeft });
  schema.index({ expiresAt: 1, _id: 1 }, { name: 'expiring', ...isLeft });
  schema.index({ account: 1, _id: 1 });
  schema.index({ source: 1 }, { unique: true });

  return schema;
}

export const CreditLot = entity('CreditLot', define, {
  about: 'Credits that expire: spent before those that do not.',
  owner: 'none',
  audited: false,
});

export type CreditLotDoc = DocOf<typeof CreditLot>;
