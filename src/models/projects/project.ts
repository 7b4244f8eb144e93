import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';

export const PROJECT_STATUSES = ['DRAFT', 'ACTIVE', 'ARCHIVED'] as const;
export type ProjectStatus = (typeof PROJECT_STATUSES)[number];

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    description: { type: String, trim: true, maxlength: 2000, personal: 'export' },
    settings: freeForm(16 * 1024, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Data of the client about the project, with keys of its own.',
    }),
    status: {
      type: String,
      required: true,
      enum: PROJECT_STATUSES,
      default: 'DRAFT',
      server: true,
      personal: 'none',
      description: 'DRAFT → ACTIVE by `activate` → ARCHIVED by `archive`, and back by `activate`.',
    },
    coverImage: ref('Image', { onDelete: 'unset', personal: 'export' }),
    trackCount: {
      type: Number,
      required: true,
      default: 0,
      server: true,
      integer: true,
      personal: 'none',
      description: 'The number of its tracks.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ coverImage: 1 }, { sparse: true });

  return schema;
}

export const Project = entity('Project', define, {
  about: 'A workspace: the parent of media, jobs and exports.',
  unversioned: ['trackCount'],
  usage: { of: () => ({ documents: 1 }), sums: { documents: 1 } },
});
