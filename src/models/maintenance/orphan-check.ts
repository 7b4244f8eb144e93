import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    entity: { type: String, required: true, maxlength: 64, personal: 'none' },
    upTo: {
      type: Schema.Types.UUID,
      required: true,
      personal: 'none',
      description: 'Documents with lower ids have been looked at.',
    },
  });

  schema.index({ entity: 1 }, { unique: true });

  return schema;
}

export const OrphanCheck = entity('OrphanCheck', define, {
  about:
    'How far the documents of an entity have been searched for those that a crash left without a parent. Each is looked at soon after it was made, and then no more.',
  owner: 'none',
  audited: false,
});
