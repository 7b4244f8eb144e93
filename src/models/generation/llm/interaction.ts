import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';
import { JOB_STATUSES } from '../../jobs/job.ts';
import { runFields } from '../../jobs/run-fields.ts';

export const MODALITIES = ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'] as const;

function makeMessageSchema() {
  return new Schema(
    {
      role: { type: String, required: true, enum: ['SYSTEM', 'USER', 'ASSISTANT'] },
      content: { type: String, required: true, maxlength: 64 * 1024 },
    },
    { _id: false },
  );
}

function makeAttachmentSchema() {
  return new Schema(
    {
      image: ref('Image', { onDelete: 'unset' }),
      audio: ref('Audio', { onDelete: 'unset' }),
      track: ref('Track', { onDelete: 'unset' }),
      video: ref('Video', { onDelete: 'unset' }),
    },
    { _id: false },
  );
}

const tokens = { type: Number, integer: true, min: 0 } as const;
function makeUsageSchema() {
  return new Schema(
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
}

function define() {
  const schema = new Schema({
    model: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      personal: 'export',
      description: 'The name of an LlmModel, and no reference: it stays when the model is deleted.',
    },
    provider: { type: String, server: true, maxlength: 64, personal: 'none' },
    messages: encrypted(
      { type: [makeMessageSchema()], maxItems: 100 },
      {
        required: true,
        immutable: true,
        personal: 'export',
        description: 'The conversation so far; the question is the last message.',
      },
    ),
    attachments: {
      type: [makeAttachmentSchema()],
      default: undefined,
      immutable: true,
      maxItems: 16,
      personal: 'export',
      description: 'Media that belong to the question; exactly one in each item.',
    },
    modalities: {
      type: [{ type: String, enum: MODALITIES }],
      required: true,
      default: ['TEXT'],
      immutable: true,
      maxItems: 4,
      personal: 'none',
      description: 'The modalities that the answer may have.',
    },
    parameters: encrypted(freeForm(4096), {
      required: true,
      immutable: true,
      clearDefault: () => ({}),
      personal: 'export',
      description:
        'Parameters that are passed to the model as they are: `temperature`, `max_tokens`.',
    }),
    project: ref('Project', { immutable: true, onDelete: 'cascade', personal: 'none' }),
    ...runFields(JOB_STATUSES),
    response: encrypted(freeForm(256 * 1024), {
      server: true,
      personal: 'export',
      description: 'The answer: its text and the media in it.',
    }),
    usage: {
      type: makeUsageSchema(),
      server: true,
      personal: 'export',
      description: 'Tokens, as the provider counts them.',
    },
    latencyMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'From the question to the end of the answer, in milliseconds.',
    },
    firstTokenMs: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: "From the question to the answer's first token, in milliseconds.",
    },
    cost: { type: Number, min: 0, server: true, personal: 'export', description: 'In US dollars.' },
    finishReason: {
      type: String,
      maxlength: 64,
      server: true,
      personal: 'none',
      description: 'Why the answer ended: `stop`, `length`.',
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
  about: 'A request to a language model, with its answer, tokens and cost.',
});
