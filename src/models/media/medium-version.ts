import { Schema } from 'mongoose';
import { entity, freeForm, ref, type Stored } from '../../data/entity.ts';
import { fileUsage } from '../../data/usage.ts';
import { MEDIA_KINDS, mediaFields } from './media-fields.ts';

const FACTS = 64 * 1024;
const REFERENCE = { server: true, onDelete: 'cascade', personal: 'none' } as const;

function define() {
  const schema = new Schema({
    kind: {
      type: String,
      required: true,
      server: true,
      enum: Object.keys(MEDIA_KINDS),
      personal: 'none',
      description:
        'The kind of the medium that it is a version of; one of the four references is set.',
    },
    track: ref('Track', REFERENCE),
    audio: ref('Audio', REFERENCE),
    video: ref('Video', REFERENCE),
    image: ref('Image', REFERENCE),
    ...mediaFields(),
    facts: freeForm(FACTS, {
      server: true,
      personal: 'export',
      description: 'Technical data, in the fields that the medium has for it.',
    }),
    replacedAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When another version replaced it; not set for one that is still to come.',
    },
    replacedVersion: {
      type: Number,
      integer: true,
      server: true,
      select: false,
      personal: 'none',
      description:
        'The version of the medium that last showed this file: a request to replace that one has been carried out.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  for (const kind of Object.keys(MEDIA_KINDS)) {
    const path = kind.toLowerCase();
    schema.index({ user: 1, [path]: 1, createdAt: -1, _id: -1 });
    schema.index({ [path]: 1 }, { sparse: true });
  }
  schema.index(
    { updatedAt: 1 },
    { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
  );

  return schema;
}

export const MediumVersion = entity('MediumVersion', define, {
  about:
    'Another file of a medium: one that will replace the current file, or was replaced and may be restored.',
  // They change places with the medium's own, so they go by what is pointed at, and not by a
  // folder.
  bytes: ({ size }) => size,
  objects: ({ filePath, derivativesPath }: Stored) => [
    filePath as string,
    ...(derivativesPath ? [`${derivativesPath}/`] : []),
  ],
  usage: fileUsage,
  unversioned: ['progress'],
});
