import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { mediaFields, soundFields } from './media-fields.ts';

const schema = new Schema({
  project: ref('Project', { required: true, immutable: true, onDelete: 'cascade' }),
  name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
  artist: { type: String, trim: true, maxlength: 255, personal: 'export' },
  album: { type: String, trim: true, maxlength: 255, personal: 'export' },
  genre: { type: String, trim: true, maxlength: 100, personal: 'export' },
  trackNumber: { type: Number, integer: true, min: 1, max: 9999 },
  lyrics: { type: String, maxlength: 20_000, personal: 'export' },
  ...mediaFields,
  ...soundFields,
  generatedBy: ref('Job', { server: true, onDelete: 'unset' }),
  lineage: freeForm(16 * 1024, { server: true }),
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, project: 1, status: 1, createdAt: -1, _id: -1 });
schema.index({ project: 1 });
schema.index({ generatedBy: 1 }, { sparse: true });
schema.index({ status: 1, updatedAt: 1 });

/** A song in a project: the object in S3 and what was heard in it. */
export const Track = entity('Track', schema, {
  objects: true,
  countedIn: { project: 'trackCount' },
  unversioned: ['progress'],
});
