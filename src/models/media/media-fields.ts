import { Schema } from 'mongoose';
import { type Entity, entityNamed, freeForm, ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';
import { progressField } from '../progress-field.ts';

/**
 * The kinds of media, and what their models are called; a field that refers to one: `track`,
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
/** The states in which no job works on it. */
export const SETTLED: readonly string[] = ['READY', 'FAILED'];

function makeDerivativeSchema() {
  return new Schema(
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
        description: 'Each is READY as soon as it exists, independently of the others.',
      },
      size: { type: Number, integer: true, min: 0, description: 'In bytes; once READY.' },
      width: { type: Number, integer: true, description: 'In pixels.' },
      height: { type: Number, integer: true, description: 'In pixels.' },
    },
    { _id: false },
  );
}

function makeWarningSchema() {
  return new Schema(
    {
      code: {
        type: String,
        required: true,
        maxlength: 64,
        description: 'Stable: `CUT_OFF`, `COVER_OMITTED`… `docs/media-warnings.md` lists them.',
      },
      message: { type: String, required: true, maxlength: 500, description: 'For people.' },
    },
    { _id: false },
  );
}

/** The fields that every medium has of its file: what was declared, where it is, and the state of its processing. */
export const mediaFields = () =>
  ({
    fileName: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 255,
      personal: 'export',
      description: 'The file name that the client gave.',
    },
    contentType: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 128,
      personal: 'none',
      description: 'As declared; once READY, as detected.',
    },
    size: {
      type: Number,
      required: true,
      immutable: true,
      integer: true,
      min: 1,
      personal: 'none',
      description: 'In bytes. As declared; once READY, as measured.',
    },
    checksum: {
      type: String,
      immutable: true,
      match: /^[A-Za-z0-9+/]{43}=$/,
      personal: 'none',
      description: 'Base64 of the SHA-256 of the bytes.',
    },
    filePath: {
      type: String,
      required: true,
      server: true,
      maxlength: 512,
      personal: 'erase',
      description: 'The S3 key of the file.',
    },
    status: {
      type: String,
      required: true,
      enum: MEDIA_STATUSES,
      default: 'AWAITING_UPLOAD',
      server: true,
      personal: 'none',
      description: 'AWAITING_UPLOAD → PROCESSING → READY or FAILED; `reprocess` starts again.',
    },
    progress: progressField('Progress of the processing, in percent.'),
    metadata: freeForm(112 * 1024, {
      server: true,
      // A generated picture says what was asked for.
      confidential: true,
      personal: 'export',
      description:
        'What the file says of itself: `title`, `artist`, `takenAt`…; of generated media `prompt`, `workflow`, `parameters`. Never a place.',
    }),
    derivatives: {
      type: [makeDerivativeSchema()],
      default: undefined,
      server: true,
      personal: 'none',
      description: 'Files derived from it, for display and preview.',
    },
    warnings: {
      type: [makeWarningSchema()],
      default: undefined,
      server: true,
      personal: 'none',
      description: 'What was odd about the file but could be overcome.',
    },
    error: errorField(),
    object: {
      type: new Schema({ etag: String, sequencer: String, job: Schema.Types.UUID }, { _id: false }),
      select: false,
      server: true,
      personal: 'none',
      description:
        'The object, by the last event of S3: its version (a fencing token against older events), and the job that processes it.',
    },
    stands: {
      type: Boolean,
      select: false,
      server: true,
      personal: 'none',
      description:
        'Whether it has been READY: if processing fails later, the earlier results stay.',
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
      personal: 'none',
      description:
        'Of a multipart upload: the size of parts, in bytes; its id at S3 while it runs; the job that completes it.',
    },
    derivativesPath: {
      type: String,
      select: false,
      server: true,
      maxlength: 512,
      personal: 'erase',
      description:
        'The prefix of the current derivatives: each processing writes under a prefix of its own.',
    },
  }) as const;

/** The most media that one is said to be made from; the bytes of its lineage, as JSON. */
export const MOST_SOURCES = 20;
export const LARGEST_LINEAGE = 16 * 1024;

/** Where a medium comes from that was generated. */
export const generatedFields = {
  generatedBy: ref('Job', {
    server: true,
    onDelete: 'unset',
    personal: 'none',
    description: 'The job that generated it, where it was not uploaded.',
  }),
  madeFrom: {
    type: [{ type: String, maxlength: 36 }],
    default: undefined,
    server: true,
    maxItems: MOST_SOURCES,
    personal: 'export',
    description: 'The ids of the media that it was generated from.',
  },
  lineage: freeForm(LARGEST_LINEAGE, {
    server: true,
    personal: 'export',
    description:
      'How it was generated: `execution`, `workflow`, `revision`, `graphHash`, `models`, `seeds`, `node`.',
  }),
} as const;

/** The indexes of the kinds of media that may belong to a project. */
export function addMediaIndexes(schema: Schema): void {
  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 });
  // For uploads whose event was lost. A partial index: other changes of a medium do not touch it.
  schema.index(
    { updatedAt: 1 },
    { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
  );
  schema.index({ generatedBy: 1 }, { sparse: true });
  schema.index({ madeFrom: 1 }, { sparse: true });
  // For finding duplicates.
  schema.index(
    { user: 1, checksum: 1 },
    { partialFilterExpression: { checksum: { $exists: true } } },
  );
}

/** The fields of the sound of a track or another recording. */
export const soundFields = () =>
  ({
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
      personal: 'export',
      description: 'Technical data, as the decoder reports them.',
    },
    analysis: {
      type: new Schema(
        {
          bpm: { type: Number, description: 'Beats per minute.' },
          bpmConfidence: { type: Number, description: '0 to 1.' },
          key: { type: String, description: '`C`, `F#`…; not set for silence or less than 5 s.' },
          scale: { type: String, enum: ['MAJOR', 'MINOR'] },
          keyConfidence: { type: Number, description: '0 to 1.' },
          loudness: {
            type: new Schema(
              {
                integratedLufs: {
                  type: Number,
                  description: 'Integrated loudness, as defined by EBU R 128.',
                },
                rangeLu: { type: Number, description: 'Loudness range in LU.' },
                truePeakDbtp: {
                  type: Number,
                  description: 'The highest peak, also between samples (true peak).',
                },
              },
              { _id: false },
            ),
          },
          silence: {
            type: new Schema(
              {
                leadingSeconds: { type: Number, description: 'Silence before the first sound.' },
                trailingSeconds: { type: Number, description: 'Silence after the last sound.' },
                totalSeconds: {
                  type: Number,
                  description:
                    'All pauses of at least half a second in which nothing exceeds −60 dBFS.',
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
            description: 'The algorithm, with its version, of each measurement.',
          }),
        },
        { _id: false },
      ),
      server: true,
      personal: 'export',
      description: 'The results of the audio analysis.',
    },
  }) as const;
