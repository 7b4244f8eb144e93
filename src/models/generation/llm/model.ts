import { Schema } from 'mongoose';
import { entity, freeForm } from '../../../data/entity.ts';
import { MODALITIES } from './interaction.ts';

const modalities = { type: [{ type: String, enum: MODALITIES }], required: true, maxItems: 4 };

const capabilitiesSchema = new Schema(
  {
    input: modalities,
    output: modalities,
    streaming: {
      type: String,
      required: true,
      enum: ['REQUIRED', 'OPTIONAL', 'NONE'],
      description: 'Whether the answer is streamed.',
    },
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    name: {
      type: String,
      required: true,
      immutable: true,
      match: /^[a-z0-9][a-z0-9._-]{0,63}$/,
      description: 'The name that requests use: `qwen-omni`.',
    },
    provider: {
      type: String,
      required: true,
      maxlength: 64,
      description: 'The provider that runs it.',
    },
    baseUrl: {
      type: String,
      maxlength: 2048,
      match: /^https?:\/\/[^\s/]+(\/\S*)?$/,
      description: "The URL of its API; the provider's default if not set.",
    },
    capabilities: { type: capabilitiesSchema, required: true },
    prices: freeForm(4096, {
      required: true,
      default: () => ({}),
      description: 'Kind of token → US dollars per million.',
    }),
    isEnabled: {
      type: Boolean,
      required: true,
      default: true,
      description: 'False: it cannot be used.',
    },
  });

  schema.index({ name: 1 }, { unique: true });
  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ isEnabled: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const LlmModel = entity('LlmModel', define, {
  about: 'A language model, with its capabilities and prices.',
  owner: 'none',
});
