import { Schema } from 'mongoose';
import { entity, freeForm, ref, type Stored } from '../../data/entity.ts';
import { MEDIA_KINDS, mediaFields } from './media-fields.ts';

const FACTS = 64 * 1024;
const REFERENCE = { server: true, onDelete: 'cascade' } as const;

function define() {
  const schema = new Schema({
    kind: {
      type: String,
      required: true,
      server: true,
      enum: Object.keys(MEDIA_KINDS),
      description: 'The kind of its medium; the reference named after it is set.',
    },
    track: ref('Track', REFERENCE),
    audio: ref('Audio', REFERENCE),
    video: ref('Video', REFERENCE),
    image: ref('Image', REFERENCE),
    ...mediaFields,
    facts: freeForm(FACTS, {
      server: true,
      description: "Facts of the decoded file, by the medium's field names.",
    }),
    replacedAt: {
      type: Date,
      server: true,
      description: 'When it was replaced; absent if it has not been published yet.',
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
    'A version of a medium: bytes that will replace the current ones, or that were replaced and can be restored.',
  // By the keys that the document refers to, not by folder, because versions and media swap
  // objects.
  objects: ({ filePath, derivativesPath }: Stored) => [
    filePath as string,
    ...(derivativesPath ? [`${derivativesPath}/`] : []),
  ],
  unversioned: ['progress'],
});
