import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { fileUsage } from '../../data/usage.ts';
import { addMediaIndexes, generatedFields, mediaFields, soundFields } from './media-fields.ts';

function define() {
  const schema = new Schema({
    project: ref('Project', {
      required: true,
      immutable: true,
      onDelete: 'cascade',
      countedIn: 'trackCount',
      personal: 'none',
    }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    artist: { type: String, trim: true, maxlength: 255, personal: 'export' },
    album: { type: String, trim: true, maxlength: 255, personal: 'export' },
    genre: { type: String, trim: true, maxlength: 100, personal: 'export' },
    trackNumber: {
      type: Number,
      integer: true,
      min: 1,
      max: 9999,
      personal: 'export',
      description: 'Its number on the album.',
    },
    lyrics: { type: String, maxlength: 20_000, personal: 'export' },
    ...mediaFields(),
    ...soundFields(),
    ...generatedFields,
  });

  addMediaIndexes(schema);

  return schema;
}

export const Track = entity('Track', define, {
  about: 'A song in a project: the object in S3 and its analysis.',
  objects: objectsIn('tracks'),
  usage: fileUsage,
  bytes: ({ size }) => size,
  unversioned: ['progress'],
  events: 'BY_STATUS',
});
