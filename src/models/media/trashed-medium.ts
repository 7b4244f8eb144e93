import { Schema } from 'mongoose';
import { entity, freeForm, ref, type Stored } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import type { EntityUsage } from '../../data/usage.ts';
import { getEntityOfKind, MEDIA_KINDS } from './media-fields.ts';

function define() {
  const schema = new Schema({
    kind: {
      type: String,
      required: true,
      server: true,
      enum: Object.keys(MEDIA_KINDS),
      personal: 'none',
      description: 'The kind of medium.',
    },
    project: ref('Project', {
      server: true,
      onDelete: 'cascade',
      personal: 'none',
      description: 'The project that it belonged to.',
    }),
    name: { type: String, required: true, server: true, maxlength: 120, personal: 'export' },
    fileName: { type: String, required: true, server: true, maxlength: 255, personal: 'export' },
    contentType: { type: String, required: true, server: true, maxlength: 128, personal: 'none' },
    size: {
      type: Number,
      required: true,
      server: true,
      integer: true,
      personal: 'none',
      description: 'In bytes.',
    },
    expiresAt: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'When it is deleted for good.',
    },
    content: freeForm(8 * 1024 * 1024, {
      required: true,
      select: false,
      server: true,
      personal: 'export',
      description: 'The document, as it was when it was deleted.',
    }),
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, kind: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 }, { sparse: true });
  schema.index({ expiresAt: 1 });

  return schema;
}

/** Its bytes are there, and so are those of its former versions. */
const usage: EntityUsage = {
  of: ({ size, content }) => {
    const { versions = [] } = content as { versions?: { size: number }[] };
    const bytes = versions.reduce((sum, version) => sum + version.size, size as number);
    return { bytes, documents: 1 + versions.length };
  },
  sums: {
    bytes: { $add: ['$size', { $sum: '$content.versions.size' }] },
    documents: { $add: [1, { $size: { $ifNull: ['$content.versions', []] } }] },
  },
};

export const TrashedMedium = entity('TrashedMedium', define, {
  about:
    'A deleted medium, under its own id, which may be restored for a while. Its objects stay in S3.',
  collection: 'trashedMedia',
  usage,
  // With its former versions.
  bytes: ({ content }) =>
    [content, ...(content.versions ?? [])].reduce((sum, { size }) => sum + size, 0),
  objects: (document: Stored) => objectsIn(getEntityOfKind(document.kind).collectionName)(document),
});
