import { Schema } from 'mongoose';
import { entity, ref } from '../../data/entity.ts';
import { objectsIn } from '../../data/objects.ts';
import { fileUsage } from '../../data/usage.ts';
import { errorField } from '../error-field.ts';
import { addMediaIndexes, generatedFields, mediaFields } from './media-fields.ts';

function makeVideoSchema() {
  return new Schema(
    {
      durationSeconds: { type: Number, required: true, min: 0 },
      width: {
        type: Number,
        required: true,
        integer: true,
        min: 1,
        description: 'In pixels, after rotation.',
      },
      height: {
        type: Number,
        required: true,
        integer: true,
        min: 1,
        description: 'In pixels, after rotation.',
      },
      frameRate: { type: Number, min: 0, description: 'Frames per second, on average.' },
      codec: { type: String, required: true, maxlength: 64 },
      bitRate: { type: Number, integer: true, min: 0, description: 'In bits per second.' },
      rotation: {
        type: Number,
        required: true,
        integer: true,
        min: 0,
        max: 270,
        description: 'The rotation for display, in degrees clockwise.',
      },
      hasAudio: { type: Boolean, required: true },
      variableFrameRate: {
        type: Boolean,
        description: 'Whether the frame rate varies.',
      },
      hdr: { type: Boolean, description: 'Whether it has a high dynamic range (PQ or HLG).' },
      transfer: {
        type: String,
        enum: ['PQ', 'HLG'],
        select: false,
        description: 'The transfer function of high dynamic range video, used to make its stream.',
      },
      pixelFormat: { type: String, maxlength: 32, description: '`yuv420p`, `yuv420p10le`…' },
    },
    { _id: false },
  );
}

function makeAudioSchema() {
  return new Schema(
    {
      durationSeconds: { type: Number, required: true, min: 0 },
      sampleRate: { type: Number, required: true, integer: true, description: 'In Hz.' },
      channels: { type: Number, required: true, integer: true },
      codec: { type: String, required: true, maxlength: 64 },
    },
    { _id: false },
  );
}

function makeLoudnessSchema() {
  return new Schema(
    {
      integratedLufs: {
        type: Number,
        description: 'Integrated loudness, as defined by EBU R 128.',
      },
      rangeLu: { type: Number, description: 'The loudness range.' },
      truePeakDbtp: {
        type: Number,
        description: 'The highest peak, also between samples (true peak).',
      },
    },
    { _id: false },
  );
}

const STREAM_STATUSES = ['PENDING', 'READY', 'FAILED'] as const;

function makeRenditionSchema() {
  return new Schema(
    {
      name: { type: String, required: true, maxlength: 16, description: '`720p`.' },
      width: { type: Number, required: true, integer: true, description: 'In pixels.' },
      height: { type: Number, required: true, integer: true, description: 'In pixels.' },
      bandwidth: {
        type: Number,
        required: true,
        integer: true,
        description: 'The peak bit rate, without sound, in bits per second.',
      },
      codecs: {
        type: String,
        required: true,
        maxlength: 64,
        description: 'In the format of RFC 6381.',
      },
    },
    { _id: false },
  );
}

function makeStreamSchema() {
  const { type, description } = errorField();
  return new Schema(
    {
      status: { type: String, required: true, enum: STREAM_STATUSES },
      job: {
        type: Schema.Types.UUID,
        required: true,
        description: 'The job that makes it, or made it.',
      },
      renditions: {
        type: [makeRenditionSchema()],
        default: undefined,
        description: 'The renditions, once READY.',
      },
      error: { type, description },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    project: ref('Project', { onDelete: 'cascade', personal: 'none' }),
    track: ref('Track', {
      onDelete: 'unset',
      personal: 'none',
      description: 'The track that it is the video of.',
    }),
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    description: { type: String, trim: true, maxlength: 2000, personal: 'export' },
    ...mediaFields(),
    ...generatedFields,
    video: {
      type: makeVideoSchema(),
      server: true,
      personal: 'export',
      description: 'Technical data, as the decoder reports them.',
    },
    audio: {
      type: makeAudioSchema(),
      server: true,
      personal: 'export',
      description: 'Its sound, if it has any.',
    },
    loudness: {
      type: makeLoudnessSchema(),
      server: true,
      personal: 'export',
      description: 'How loud its sound is.',
    },
    stream: {
      type: makeStreamSchema(),
      server: true,
      personal: 'none',
      description: 'Its adaptive stream (HLS), if one was requested.',
    },
    streamPath: {
      type: String,
      select: false,
      server: true,
      maxlength: 512,
      personal: 'erase',
      description: 'The prefix of the current stream, below that of the derivatives.',
    },
  });

  addMediaIndexes(schema);
  schema.index({ user: 1, track: 1, createdAt: -1, _id: -1 });
  schema.index({ track: 1 }, { sparse: true });

  return schema;
}

export const Video = entity('Video', define, {
  about: 'A video, perhaps of a track: the object in S3 and its analysis.',
  objects: objectsIn('videos'),
  usage: fileUsage,
  bytes: ({ size }) => size,
  unversioned: ['progress'],
  events: 'BY_STATUS',
});
