import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { fileUsage } from '../../data/usage.ts';
import { addMediaIndexes, generatedFields, mediaFields, soundFields } from './media-fields.ts';

export const AUDIO_KINDS = ['RECORDING', 'SAMPLE', 'STEM', 'VOICE', 'EFFECT'] as const;

function define() {
  const schema = new Schema({
    project: ref('Project', { onDelete: 'cascade', personal: 'none' }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    kind: {
      type: String,
      required: true,
      enum: AUDIO_KINDS,
      default: 'RECORDING',
      personal: 'none',
    },
    ...mediaFields(),
    ...soundFields(),
    ...generatedFields,
  });

  addMediaIndexes(schema);
  schema.index({ user: 1, kind: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const Audio = entity('Audio', define, {
  about: 'A recording, sample, stem, voice or effect: the object in S3 and its analysis.',
  objects: objectsIn('audios'),
  usage: fileUsage,
  bytes: ({ size }) => size,
  unversioned: ['progress'],
  events: 'BY_STATUS',
});
