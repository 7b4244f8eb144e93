import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { fileUsage } from '../../data/usage.ts';
import { addMediaIndexes, generatedFields, mediaFields } from './media-fields.ts';

function makeImageSchema() {
  return new Schema(
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
        description: 'The EXIF orientation: 1 is upright.',
      },
      hasAlpha: { type: Boolean, required: true },
      colorSpace: { type: String, maxlength: 32 },
      dominantColor: { type: String, match: /^#[0-9a-f]{6}$/, description: '`#rrggbb`.' },
      blurHash: {
        type: String,
        maxlength: 128,
        description: 'A placeholder image (https://blurha.sh).',
      },
      perceptualHash: {
        type: String,
        match: /^[0-9a-f]{16}$/,
        description:
          'A perceptual hash (difference hash): of its 64 bits, copies differ in a few, other images in about half.',
      },
      frames: {
        type: Number,
        integer: true,
        min: 1,
        max: 200,
        description:
          'The frames of an animation, or pages; 200 stands for 200 or more. The first is shown.',
      },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    project: ref('Project', { onDelete: 'cascade', personal: 'none' }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    altText: {
      type: String,
      trim: true,
      maxlength: 1000,
      personal: 'export',
      description: 'Alternative text, for people who cannot see it.',
    },
    ...mediaFields(),
    ...generatedFields,
    image: {
      type: makeImageSchema(),
      server: true,
      personal: 'export',
      description: 'Technical data, as the decoder reports them.',
    },
  });

  addMediaIndexes(schema);

  return schema;
}

export const Image = entity('Image', define, {
  about: 'A picture: the object in S3 and its analysis.',
  objects: objectsIn('images'),
  usage: fileUsage,
  bytes: ({ size }) => size,
  unversioned: ['progress'],
  events: 'BY_STATUS',
});
