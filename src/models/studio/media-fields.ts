import { Schema } from 'mongoose';
import { freeForm } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

export const MEDIA_STATUSES = ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'] as const;

const derivativeSchema = new Schema(
  {
    name: { type: String, required: true, maxlength: 64 },
    contentType: { type: String, required: true, maxlength: 128 },
    size: { type: Number, required: true, integer: true, min: 0 },
    width: { type: Number, integer: true },
    height: { type: Number, integer: true },
  },
  { _id: false },
);

/** What every medium stores of its file: what was declared, where it is, and what became of it. */
export const mediaFields = {
  fileName: { type: String, required: true, immutable: true, maxlength: 255, personal: 'export' },
  contentType: { type: String, required: true, immutable: true, maxlength: 128 },
  size: { type: Number, required: true, immutable: true, integer: true, min: 1 },
  // Base64 of the SHA-256 of the bytes.
  checksum: { type: String, immutable: true, match: /^[A-Za-z0-9+/]{43}=$/ },
  filePath: { type: String, required: true, server: true, maxlength: 512 },
  status: {
    type: String,
    required: true,
    enum: MEDIA_STATUSES,
    default: 'AWAITING_UPLOAD',
    server: true,
  },
  progress: { type: Number, required: true, default: 0, min: 0, max: 100, server: true },
  metadata: freeForm(64 * 1024, { server: true, personal: 'export' }),
  derivatives: { type: [derivativeSchema], default: undefined, server: true },
  warnings: { type: [String], default: undefined, server: true },
  error: errorField,
  // The object as S3 last told of it: which bytes are processed, and the fence against older records.
  object: {
    type: new Schema({ etag: String, sequencer: String }, { _id: false }),
    select: false,
    server: true,
  },
  // Where the derivatives of the bytes now shown are: each processing writes under its own prefix.
  derivativesPath: { type: String, select: false, server: true, maxlength: 512 },
} as const;

/** The indexes of every kind of medium that may belong to a project. */
export function mediaIndexes(schema: Schema): void {
  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  // Uploads that nobody told of.
  schema.index({ status: 1, updatedAt: 1 });
}

/** What is heard in a track or another recording. */
export const soundFields = {
  audio: {
    type: new Schema(
      {
        durationSeconds: { type: Number, required: true },
        sampleRate: { type: Number, required: true, integer: true },
        channels: { type: Number, required: true, integer: true },
        bitRate: { type: Number, integer: true },
        codec: { type: String, required: true },
        lossless: { type: Boolean, required: true },
      },
      { _id: false },
    ),
    server: true,
  },
  analysis: {
    type: new Schema(
      {
        bpm: { type: Number },
        bpmConfidence: { type: Number },
        key: { type: String },
        scale: { type: String, enum: ['MAJOR', 'MINOR'] },
        keyConfidence: { type: Number },
        loudness: {
          type: new Schema(
            {
              integratedLufs: { type: Number },
              rangeLu: { type: Number },
              truePeakDbtp: { type: Number },
            },
            { _id: false },
          ),
        },
        algorithms: freeForm(4096),
      },
      { _id: false },
    ),
    server: true,
  },
} as const;
