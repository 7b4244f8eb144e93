import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    balance: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      description: 'In whole credits. One below nothing is refused by the database itself.',
    },
    held: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      description: 'Of the balance, what running work has reserved.',
    },
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const CreditAccount = entity('CreditAccount', define, {
  about: 'How many credits a user has, and how many of them are reserved.',
  audited: false,
});
