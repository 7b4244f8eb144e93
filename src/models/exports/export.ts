import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { runFields } from '../jobs/run-fields.ts';

const EXPORT_FORMATS = ['MP3', 'WAV', 'FLAC', 'M4A', 'OPUS', 'MP4', 'ZIP'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const EXPORT_STATUSES = [
  'QUEUED',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
] as const;

function define() {
  const schema = new Schema({
    project: ref('Project', {
      required: true,
      immutable: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    format: {
      type: String,
      required: true,
      immutable: true,
      enum: EXPORT_FORMATS,
      personal: 'export',
    },
    settings: freeForm(256 * 1024, {
      required: true,
      immutable: true,
      default: () => ({}),
      personal: 'export',
      description:
        'What is exported, and how; docs/exports.md lists the settings of each format. Without any: all READY tracks in order.',
    }),
    ...runFields(EXPORT_STATUSES),
    progress: {
      type: Number,
      required: true,
      default: 0,
      min: 0,
      max: 100,
      server: true,
      personal: 'none',
      description: 'In percent.',
    },
    filePath: {
      type: String,
      server: true,
      maxlength: 512,
      personal: 'erase',
      description: 'The S3 key of the file.',
    },
    fileName: {
      type: String,
      server: true,
      maxlength: 255,
      personal: 'export',
      description: 'The name under which the file is downloaded.',
    },
    contentType: { type: String, server: true, maxlength: 128, personal: 'none' },
    checksum: {
      type: String,
      server: true,
      maxlength: 44,
      personal: 'none',
      description: 'Base64 of the SHA-256 of the file.',
    },
    loudness: freeForm(1024, {
      server: true,
      personal: 'none',
      description: 'Of the encoded sound: `integratedLufs`, `rangeLu`, `truePeakDbtp`.',
    }),
    fingerprint: {
      type: String,
      server: true,
      select: false,
      maxlength: 64,
      personal: 'none',
      description:
        'A hash of all that the file is made of: exports with the same share the result.',
    },
    lineage: freeForm(4096, {
      server: true,
      personal: 'export',
      description:
        'What made it: `job`, and its `cost` in whole credits by the prices of `priceVersion`. Where something in it was generated, `digitalSourceType`, which the file says, too; `credentialsOf` are media whose content credentials are not in it.',
    }),
    size: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'In bytes.',
    },
    durationSeconds: { type: Number, min: 0, server: true, personal: 'none' },
    expiresAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When the file is deleted.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, format: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  schema.index({ job: 1 }, { sparse: true });
  schema.index({ user: 1, fingerprint: 1 }, { sparse: true });
  schema.index({ status: 1, expiresAt: 1 });

  return schema;
}

export const Export = entity('Export', define, {
  about: 'A project rendered into one file, for download.',
  objects: objectsIn('exports'),
  events: 'BY_STATUS',
  unversioned: ['progress'],
});
