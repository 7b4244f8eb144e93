import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { addMediaIndexes, mediaFields } from './media-fields.ts';

const imageSchema = new Schema(
  {
    width: { type: Number, required: true, integer: true, min: 1, description: 'In pixels.' },
    height: { type: Number, required: true, integer: true, min: 1, description: 'In pixels.' },
    format: { type: String, required: true, maxlength: 16 },
    orientation: {
      type: Number,
      required: true,
      integer: true,
      min: 1,
      max: 8,
      description: 'As EXIF numbers it: 1 is upright.',
    },
    hasAlpha: { type: Boolean, required: true },
    colorSpace: { type: String, maxlength: 32 },
    dominantColor: { type: String, match: /^#[0-9a-f]{6}$/, description: '`#rrggbb`.' },
    blurHash: {
      type: String,
      maxlength: 128,
      description: 'A placeholder, as blurha.sh encodes it.',
    },
    perceptualHash: {
      type: String,
      match: /^[0-9a-f]{16}$/,
      description:
        'A difference hash: of the 64 bits, copies differ in a few, others in about half.',
    },
    frames: {
      type: Number,
      integer: true,
      min: 1,
      max: 200,
      description:
        'Of an animation, or pages; 200 are counted, more are as many. The first is shown.',
    },
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    project: ref('Project', { onDelete: 'cascade' }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    altText: {
      type: String,
      trim: true,
      maxlength: 1000,
      personal: 'export',
      description: 'For those who cannot see it.',
    },
    ...mediaFields,
    image: { type: imageSchema, server: true, description: 'What its decoder tells.' },
  });

  addMediaIndexes(schema);

  return schema;
}

export const Image = entity('Image', define, {
  about: 'A picture: the object in S3 and what was seen in it.',
  objects: objectsIn('images'),
  unversioned: ['progress'],
});
