import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';
import { AUDIT_LOG } from '../reasons.ts';

function define() {
  const schema = new Schema({
    event: freeForm(256 * 1024, {
      required: true,
      personal: AUDIT_LOG,
      description: 'The audit event, as it goes into the chain.',
    }),
  });

  schema.index({ createdAt: 1, _id: 1 });
  schema.index({ 'event.document': 1 });

  return schema;
}

export const LooseEvent = entity('LooseEvent', define, {
  about:
    'An audit event that has no document whose outbox it could wait in, such as that of a deletion, until it is appended to the chain.',
  owner: 'none',
  audited: false,
});
