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
      description: 'In whole credits. The database itself refuses a negative balance.',
    },
    held: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      description: 'The part of the balance that is reserved for running work.',
    },
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const CreditAccount = entity('CreditAccount', define, {
  about: 'How many credits a user has, and how many of them are reserved.',
  audited: false,
});
