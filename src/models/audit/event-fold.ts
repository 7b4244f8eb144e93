import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { EXPIRING_ID } from '../reasons.ts';

function define() {
  const schema = new Schema({
    key: {
      type: String,
      required: true,
      personal: EXPIRING_ID,
      description: 'SHA-256 of the action and the account.',
    },
    account: { type: Schema.Types.UUID, required: true, personal: EXPIRING_ID },
    action: { type: String, required: true, maxlength: 64, personal: EXPIRING_ID },
    count: { type: Number, required: true, integer: true, personal: 'none' },
    endsAt: {
      type: Date,
      required: true,
      personal: 'none',
      description: 'When the window ends; then it is told.',
    },
  });

  schema.index({ key: 1 }, { unique: true });
  schema.index({ endsAt: 1 });

  return schema;
}

export const EventFold = entity('EventFold', define, {
  about:
    'How often the same happened to an account in a window of time: after the tenth, audit events are folded into one.',
  owner: 'none',
  audited: false,
});
