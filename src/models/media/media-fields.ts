import { Schema } from 'mongoose';
import { type Entity, entityNamed, freeForm } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

/** The kinds of media, and what their models are called; a field that refers to one: `track`, `audio`… */
export const MEDIA_KINDS = {
  TRACK: 'Track',
  AUDIO: 'Audio',
  VIDEO: 'Video',
  IMAGE: 'Image',
} as const;

export type MediaKindName = keyof typeof MEDIA_KINDS;

/** The entity of a kind. */
export const getEntityOfKind = (kind: unknown): Entity =>
  entityNamed(MEDIA_KINDS[kind as MediaKindName]);

/** The kind of an entity, or undefined where it is none of media. */
export function getKind({ name }: Entity): MediaKindName | undefined {
  const found = Object.entries(MEDIA_KINDS).find(([, model]) => model === name);
  return found?.[0] as MediaKindName | undefined;
}

const MEDIA_STATUSES = ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'] as const;
/** Nothing is under way. */
export const SETTLED: readonly string[] = ['READY', 'FAILED'];

const derivativeSchema = new Schema(
  {
    name: {
      type: String,
      required: true,
      maxlength: 64,
      description: 'What it is for: `waveform`, `preview`, `cover`.',
    },
    contentType: { type: String, required: true, maxlength: 128, description: 'Its media type.' },
    status: {
      type: String,
      required: true,
      enum: ['PENDING', 'READY'],
      default: 'READY',
      description: 'Each is READY as soon as it is there, whatever else of the medium is not yet.',
    },
    size: { type: Number, integer: true, min: 0, description: 'In bytes; once READY.' },
    width: { type: Number, integer: true, description: 'In pixels.' },
    height: { type: Number, integer: true, description: 'In pixels.' },
  },
  { _id: false },
);

/** What every medium stores of its file: what was declared, where it is, and what became of it. */
export const mediaFields = {
  fileName: {
    type: String,
    required: true,
    immutable: true,
    maxlength: 255,
    personal: 'export',
    description: 'As the client calls it.',
  },
  contentType: {
    type: String,
    required: true,
    immutable: true,
    maxlength: 128,
    description: 'As declared; once READY, as found.',
  },
  size: {
    type: Number,
    required: true,
    immutable: true,
    integer: true,
    min: 1,
    description: 'In bytes: as declared; once READY, as found.',
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
    description: 'The key of the object in S3.',
  },
  status: {
    type: String,
    required: true,
    enum: MEDIA_STATUSES,
    default: 'AWAITING_UPLOAD',
    server: true,
    description: 'AWAITING_UPLOAD → PROCESSING → READY or FAILED; `reprocess` begins again.',
  },
  progress: {
    type: Number,
    required: true,
    default: 0,
    min: 0,
    max: 100,
    server: true,
    description: 'Of the processing, in percent.',
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
    description: 'What was made of it to show and to preview.',
  },
  warnings: {
    type: [String],
    default: undefined,
    server: true,
    description: 'What is odd in the file, but no reason to fail.',
  },
  error: errorField,
  object: {
    type: new Schema({ etag: String, sequencer: String, job: Schema.Types.UUID }, { _id: false }),
    select: false,
    server: true,
    description:
      'The object as S3 last told of it: which bytes are processed, and the fence against older records; the job that looks at them.',
  },
  stands: {
    type: Boolean,
    select: false,
    server: true,
    description:
      'Whether what is shown was READY once: a later processing that fails leaves it so.',
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
      'Of an upload in parts: how large they are, in bytes; while it runs, the id that S3 gave it; the job that completes it.',
  },
  derivativesPath: {
    type: String,
    select: false,
    server: true,
    maxlength: 512,
    description:
      'Where the derivatives of the bytes now shown are: each processing writes under its own prefix.',
  },
} as const;

/** The indexes of every kind of medium that may belong to a project. */
export function addMediaIndexes(schema: Schema): void {
  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  // Uploads that nobody told of; whatever else changes in a medium leaves it alone.
  schema.index(
    { updatedAt: 1 },
    { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
  );
  // Whether somebody has these bytes already.
  schema.index(
    { user: 1, checksum: 1 },
    { partialFilterExpression: { checksum: { $exists: true } } },
  );
}

/** What is heard in a track or another recording. */
export const soundFields = {
  audio: {
    type: new Schema(
      {
        durationSeconds: { type: Number, required: true },
        sampleRate: { type: Number, required: true, integer: true, description: 'In Hz.' },
        channels: { type: Number, required: true, integer: true },
        bitRate: { type: Number, integer: true, description: 'In bits a second.' },
        codec: { type: String, required: true },
        lossless: { type: Boolean, required: true },
      },
      { _id: false },
    ),
    server: true,
    description: 'What its decoder tells.',
  },
  analysis: {
    type: new Schema(
      {
        bpm: { type: Number, description: 'Beats a minute.' },
        bpmConfidence: { type: Number, description: '0 to 1.' },
        key: { type: String, description: '`C`, `F#`…; none for silence or under 5 s.' },
        scale: { type: String, enum: ['MAJOR', 'MINOR'] },
        keyConfidence: { type: Number, description: '0 to 1.' },
        loudness: {
          type: new Schema(
            {
              integratedLufs: {
                type: Number,
                description: 'Of the whole, as EBU R 128 measures it.',
              },
              rangeLu: { type: Number, description: 'The loudness range.' },
              truePeakDbtp: {
                type: Number,
                description: 'The highest peak between the samples, too.',
              },
            },
            { _id: false },
          ),
        },
        silence: {
          type: new Schema(
            {
              leadingSeconds: { type: Number, description: 'Before the first sound.' },
              trailingSeconds: { type: Number, description: 'After the last.' },
              totalSeconds: {
                type: Number,
                description:
                  'Of all pauses of half a second and more, in which nothing is over −60 dBFS.',
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
                description: 'At full scale, in runs of three and more in one channel.',
              },
              runs: { type: Number, integer: true, description: 'How many such runs.' },
            },
            { _id: false },
          ),
        },
        algorithms: freeForm(4096, {
          description: 'What was measured by which algorithm, in which version.',
        }),
      },
      { _id: false },
    ),
    server: true,
    description: 'What was heard in it.',
  },
} as const;
