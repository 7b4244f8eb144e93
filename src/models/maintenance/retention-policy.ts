import { Schema } from 'mongoose';
import { entities, entity, freeForm } from '../../data/entity.ts';

const RETENTION_ACTIONS = ['DELETE', 'ANONYMIZE', 'ARCHIVE'] as const;

function define() {
  const schema = new Schema({
    entity: {
      type: String,
      required: true,
      maxlength: 64,
      personal: 'none',
      description: 'The name of the entity that it applies to.',
    },
    filter: freeForm(4096, {
      required: true,
      default: () => ({}),
      personal: 'none',
      description: 'A filter for some of them: field → value.',
    }),
    after: {
      type: String,
      required: true,
      maxlength: 32,
      match: /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
      personal: 'none',
      description: 'An ISO 8601 duration since the creation of a document: `P30D`.',
    },
    action: {
      type: String,
      required: true,
      enum: RETENTION_ACTIONS,
      personal: 'none',
      description: 'What is done with them.',
    },
    enabled: { type: Boolean, required: true, default: false, personal: 'none' },
  });

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ entity: 1, createdAt: -1, _id: -1 });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RetentionPolicy = entity('RetentionPolicy', define, {
  about: 'How long documents are retained, and what is done with them after that.',
  owner: 'none',
  refine: ({ entity: name }) =>
    entities.has(String(name)) ? [] : [{ path: 'entity', message: 'is not an entity' }],
});
