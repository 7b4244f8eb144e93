import { Schema } from 'mongoose';
import { type Entity, entityNamed, freeForm } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

/**
 * The kinds of media, and the names of their entities. A field that refers to one is named `track`,
 * `audio`…
 */
export const MEDIA_KINDS = {
  TRACK: 'Track',
  AUDIO: 'Audio',
  VIDEO: 'Video',
  IMAGE: 'Image',
} as const;

export type MediaKindName = keyof typeof MEDIA_KINDS;

/** Gets the entity of a kind. */
export const getEntityOfKind = (kind: unknown): Entity =>
  entityNamed(MEDIA_KINDS[kind as MediaKindName]);

/** Gets the kind of an entity; undefined if it is not a kind of medium. */
export function getKind({ name }: Entity): MediaKindName | undefined {
  const found = Object.entries(MEDIA_KINDS).find(([, model]) => model === name);
  return found?.[0] as MediaKindName | undefined;
}

const MEDIA_STATUSES = ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'] as const;
/** The statuses in which no upload and no processing is under way. */
export const SETTLED: readonly string[] = ['READY', 'FAILED'];

const derivativeSchema = new Schema(
  {
    name: {
      type: String,
      required: true,
      maxlength: 64,
      description: 'Its purpose: `waveform`, `preview`, `cover`.',
    },
    contentType: { type: String, required: true, maxlength: 128, description: 'Its media type.' },
    status: {
      type: String,
      required: true,
      enum: ['PENDING', 'READY'],
      default: 'READY',
      description:
        'READY as soon as it can be downloaded, even if other derivatives are still PENDING.',
    },
    size: { type: Number, integer: true, min: 0, description: 'In bytes; once READY.' },
    width: { type: Number, integer: true, description: 'In pixels.' },
    height: { type: Number, integer: true, description: 'In pixels.' },
  },
  { _id: false },
);

/**
 * The file fields of every medium: what was declared, where the file is, and the state of its
 * processing.
 */
export const mediaFields = {
  fileName: {
    type: String,
    required: true,
    immutable: true,
    maxlength: 255,
    personal: 'export',
    description: "The client's name of the file.",
  },
  contentType: {
    type: String,
    required: true,
    immutable: true,
    maxlength: 128,
    description: 'As declared; once READY, as detected.',
  },
  size: {
    type: Number,
    required: true,
    immutable: true,
    integer: true,
    min: 1,
    description: 'In bytes: as declared; once READY, as measured.',
  },
  checksum: {
    type: String,
    immutable: true,
    match: /^[A-Za-z0-9+/]{43}=$/,
    description: 'Base64 of the SHA-256 of the bytes.',
  },
  filePath: {
    type: String,
    required: true,
    server: true,
    maxlength: 512,
    description: 'The S3 key of the file.',
  },
  status: {
    type: String,
    required: true,
    enum: MEDIA_STATUSES,
    default: 'AWAITING_UPLOAD',
    server: true,
    description: 'AWAITING_UPLOAD → PROCESSING → READY or FAILED; `reprocess` starts again.',
  },
  progress: {
    type: Number,
    required: true,
    default: 0,
    min: 0,
    max: 100,
    server: true,
    description: 'Progress of the processing, in percent.',
  },
  metadata: freeForm(64 * 1024, {
    server: true,
    personal: 'export',
    description: 'Tags found in the file: `title`, `artist`, `album`…',
  }),
  derivatives: {
    type: [derivativeSchema],
    default: undefined,
    server: true,
    description: 'Files derived from it, for display and preview.',
  },
  warnings: {
    type: [String],
    default: undefined,
    server: true,
    description: 'Problems of the file that did not make it fail.',
  },
  error: errorField,
  object: {
    type: new Schema({ etag: String, sequencer: String, job: Schema.Types.UUID }, { _id: false }),
    select: false,
    server: true,
    description:
      'The object in S3: the ETag of the bytes that are processed, the sequencer that rejects older events, and the processing job.',
  },
  stands: {
    type: Boolean,
    select: false,
    server: true,
    description: 'Whether it was READY before: then it stays READY if a later processing fails.',
  },
  multipart: {
    type: new Schema(
      {
        partSize: { type: Number, required: true, integer: true, min: 1 },
        uploadId: String,
        completing: Schema.Types.UUID,
      },
      { _id: false },
    ),
    select: false,
    server: true,
    description:
      'A multipart upload: the part size in bytes; while it is open, its id at S3; the job that completes it.',
  },
  derivativesPath: {
    type: String,
    select: false,
    server: true,
    maxlength: 512,
    description:
      'The S3 folder of the published derivatives; each processing writes into a folder of its own.',
  },
} as const;

/** Adds the indexes of every kind of medium that may belong to a project. */
export function addMediaIndexes(schema: Schema): void {
  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  // For finding uploads whose event was lost; partial, so that other changes do not touch it.
  schema.index(
    { updatedAt: 1 },
    { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
  );
  // For finding a medium of the same owner with the same bytes.
  schema.index(
    { user: 1, checksum: 1 },
    { partialFilterExpression: { checksum: { $exists: true } } },
  );
}

/** The facts and the analysis of a track or another recording. */
export const soundFields = {
  audio: {
    type: new Schema(
      {
        durationSeconds: { type: Number, required: true },
        sampleRate: { type: Number, required: true, integer: true, description: 'In Hz.' },
        channels: { type: Number, required: true, integer: true },
        bitRate: { type: Number, integer: true, description: 'In bits per second.' },
        codec: { type: String, required: true },
        lossless: { type: Boolean, required: true },
      },
      { _id: false },
    ),
    server: true,
    description: 'Facts of the decoded sound.',
  },
  analysis: {
    type: new Schema(
      {
        bpm: { type: Number, description: 'Beats per minute.' },
        bpmConfidence: { type: Number, description: '0 to 1.' },
        key: { type: String, description: '`C`, `F#`…; none for silence or under 5 s.' },
        scale: { type: String, enum: ['MAJOR', 'MINOR'] },
        keyConfidence: { type: Number, description: '0 to 1.' },
        loudness: {
          type: new Schema(
            {
              integratedLufs: {
                type: Number,
                description: 'Integrated loudness in LUFS (EBU R 128).',
              },
              rangeLu: { type: Number, description: 'Loudness range in LU.' },
              truePeakDbtp: {
                type: Number,
                description: 'True peak in dBTP: the highest peak, including between samples.',
              },
            },
            { _id: false },
          ),
        },
        silence: {
          type: new Schema(
            {
              leadingSeconds: { type: Number, description: 'Before the first sound.' },
              trailingSeconds: { type: Number, description: 'After the last sound.' },
              totalSeconds: {
                type: Number,
                description: 'All pauses of at least half a second below −60 dBFS.',
              },
            },
            { _id: false },
          ),
        },
        clipping: {
          type: new Schema(
            {
              samples: {
                type: Number,
                integer: true,
                description: 'Samples at full scale, in runs of at least three in one channel.',
              },
              runs: { type: Number, integer: true, description: 'The number of such runs.' },
            },
            { _id: false },
          ),
        },
        algorithms: freeForm(4096, {
          description: 'Result → the algorithm and version that computed it.',
        }),
      },
      { _id: false },
    ),
    server: true,
    description: 'Results of the audio analysis.',
  },
} as const;
