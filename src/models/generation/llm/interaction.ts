import { Schema } from 'mongoose';
import { entity, freeForm, ref, sealed } from '../../../data/entity.ts';
import { JOB_STATUSES } from '../../jobs/job.ts';
import { runFields } from '../../jobs/run-fields.ts';

export const MODALITIES = ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'] as const;

const messageSchema = new Schema(
  {
    role: { type: String, required: true, enum: ['SYSTEM', 'USER', 'ASSISTANT'] },
    content: { type: String, required: true, maxlength: 64 * 1024 },
  },
  { _id: false },
);

const attachmentSchema = new Schema(
  {
    image: ref('Image', { onDelete: 'unset' }),
    audio: ref('Audio', { onDelete: 'unset' }),
    track: ref('Track', { onDelete: 'unset' }),
    video: ref('Video', { onDelete: 'unset' }),
  },
  { _id: false },
);

const tokens = { type: Number, integer: true, min: 0 } as const;
const usageSchema = new Schema(
  {
    promptTokens: tokens,
    completionTokens: tokens,
    textTokens: tokens,
    audioTokens: tokens,
    imageTokens: tokens,
    videoTokens: tokens,
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    model: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      description:
        'The name of an LlmModel. Not a reference, so that it remains when the model is deleted.',
    },
    provider: { type: String, server: true, maxlength: 64 },
    messages: sealed(
      { type: [messageSchema], maxItems: 100 },
      {
        required: true,
        immutable: true,
        personal: 'export',
        description: 'The conversation so far; the last message is the question.',
      },
    ),
    attachments: {
      type: [attachmentSchema],
      default: undefined,
      immutable: true,
      maxItems: 16,
      description: 'Media sent with the text; exactly one per item.',
    },
    modalities: {
      type: [{ type: String, enum: MODALITIES }],
      required: true,
      default: ['TEXT'],
      immutable: true,
      maxItems: 4,
      description: 'The modalities that the answer may have.',
    },
    parameters: freeForm(4096, {
      required: true,
      immutable: true,
      default: () => ({}),
      description: 'Passed to the model unchanged: `temperature`, `max_tokens`.',
    }),
    project: ref('Project', { immutable: true, onDelete: 'cascade' }),
    ...runFields(JOB_STATUSES),
    response: sealed(freeForm(256 * 1024), {
      server: true,
      personal: 'export',
      description: 'The answer: its text and the media in it.',
    }),
    usage: { type: usageSchema, server: true, description: 'Tokens, as the provider counts them.' },
    latencyMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      description: 'From the question to the end of the answer, in milliseconds.',
    },
    firstTokenMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      description: "From the question to the answer's first token, in milliseconds.",
    },
    cost: { type: Number, min: 0, server: true, description: 'In US dollars.' },
    finishReason: {
      type: String,
      maxlength: 64,
      server: true,
      description: 'Why the answer ends: `stop`, `length`.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, model: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  const references = [
    'project',
    'job',
    ...['image', 'audio', 'track', 'video'].map((k) => `attachments.${k}`),
  ];
  for (const path of references) schema.index({ [path]: 1 }, { sparse: true });

  return schema;
}

export const LlmInteraction = entity('LlmInteraction', define, {
  about: 'One question to a language model, with its answer, its tokens and its cost.',
});
