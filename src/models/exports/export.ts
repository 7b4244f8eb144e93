import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { runFields } from '../jobs/run-fields.ts';

const EXPORT_FORMATS = ['MP3', 'WAV', 'FLAC', 'M4A', 'MP4', 'ZIP'] as const;
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
    project: ref('Project', { required: true, immutable: true, onDelete: 'cascade' }),
    format: { type: String, required: true, immutable: true, enum: EXPORT_FORMATS },
    settings: freeForm(16 * 1024, {
      required: true,
      immutable: true,
      default: () => ({}),
      description: 'Encoder settings, such as bit rate and sample rate.',
    }),
    ...runFields(EXPORT_STATUSES),
    filePath: {
      type: String,
      server: true,
      maxlength: 512,
      description: 'The S3 key of the file.',
    },
    size: { type: Number, integer: true, min: 0, server: true, description: 'In bytes.' },
    durationSeconds: { type: Number, min: 0, server: true },
    expiresAt: { type: Date, server: true, description: 'When the file is deleted.' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, format: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  schema.index({ job: 1 }, { sparse: true });

  return schema;
}

export const Export = entity('Export', define, {
  about: 'A project rendered into one file, for download.',
  objects: objectsIn('exports'),
  events: 'BY_STATUS',
});
