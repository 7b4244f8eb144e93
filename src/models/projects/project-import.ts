import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { fileUsage } from '../../data/usage.ts';
import { mediaFields } from '../media/media-fields.ts';

function define() {
  const {
    derivatives: _derivatives,
    derivativesPath: _derivativesPath,
    metadata: _metadata,
    ...file
  } = mediaFields();
  const schema = new Schema({
    ...file,
    project: ref('Project', {
      server: true,
      onDelete: 'unset',
      personal: 'none',
      description: 'What it was made into, once it is READY.',
    }),
    mediaCount: {
      type: Number,
      integer: true,
      server: true,
      personal: 'none',
      description: 'How many media the project got.',
    },
  });
  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 }, { sparse: true });
  schema.index(
    { updatedAt: 1 },
    { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
  );

  return schema;
}

export const ProjectImport = entity('ProjectImport', define, {
  about: 'The ZIP of a project that becomes a project again.',
  objects: objectsIn('projectImports'),
  usage: fileUsage,
  unversioned: ['progress'],
});
