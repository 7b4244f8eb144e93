import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    source: {
      personal: 'none',
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      description: 'The entity whose documents are looked at: `CreditsTransaction`.',
    },
    readTo: {
      personal: 'none',
      type: Date,
      required: true,
      server: true,
      description: 'Documents that were made until then have been looked at.',
    },
  });

  schema.index({ source: 1 }, { unique: true });

  return schema;
}

export const MeteringCursor = entity('MeteringCursor', define, {
  about: 'How far the documents of an append-only collection have been metered.',
  owner: 'none',
  audited: false,
});
