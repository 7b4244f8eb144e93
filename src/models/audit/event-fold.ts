import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    key: {
      type: String,
      required: true,
      description: 'SHA-256 of the action and the account.',
    },
    account: { type: Schema.Types.UUID, required: true },
    action: { type: String, required: true, maxlength: 64 },
    count: { type: Number, required: true, integer: true },
    endsAt: { type: Date, required: true, description: 'When the window ends; then it is told.' },
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
