import { Schema } from 'mongoose';
import { entity, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    pod: ref('ComfyUIPod', {
      required: true,
      immutable: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    fetchedAt: { type: Date, required: true, personal: 'none' },
    hash: { type: String, required: true, match: /^[0-9a-f]{64}$/, personal: 'none' },
    classes: { type: Number, required: true, integer: true, personal: 'none' },
    gzip: {
      type: Buffer,
      required: true,
      personal: 'none',
      description: 'The JSON of `/object_info`, compressed.',
    },
  });

  schema.index({ pod: 1 }, { unique: true });

  return schema;
}

export const ComfyUINodeCatalog = entity('ComfyUINodeCatalog', define, {
  about: 'The nodes that a pod has, with their inputs: what graphs are checked against.',
  owner: 'none',
  audited: false,
});
