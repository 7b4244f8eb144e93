import { Schema } from 'mongoose';
import { entity, freeForm } from '../../../data/entity.ts';
import { MODALITIES } from './interaction.ts';

const modalities = { type: [{ type: String, enum: MODALITIES }], required: true, maxItems: 4 };

function makeCapabilitiesSchema() {
  return new Schema(
    {
      input: modalities,
      output: modalities,
      streaming: {
        type: String,
        required: true,
        enum: ['REQUIRED', 'OPTIONAL', 'NONE'],
        description: 'Whether the answer can be streamed.',
      },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    name: {
      type: String,
      required: true,
      immutable: true,
      match: /^[a-z0-9][a-z0-9._-]{0,63}$/,
      personal: 'none',
      description: 'The name that requests use: `qwen-omni`.',
    },
    provider: {
      type: String,
      required: true,
      maxlength: 64,
      personal: 'none',
      description: 'The provider that runs it.',
    },
    baseUrl: {
      type: String,
      maxlength: 2048,
      match: /^https?:\/\/[^\s/]+(\/\S*)?$/,
      personal: 'none',
      description: "The address of its API; by default the provider's.",
    },
    capabilities: { type: makeCapabilitiesSchema(), required: true, personal: 'none' },
    prices: freeForm(4096, {
      required: true,
      default: () => ({}),
      personal: 'none',
      description: 'Prices: kind of token → US dollars per million.',
    }),
    isEnabled: {
      type: Boolean,
      required: true,
      default: true,
      personal: 'none',
      description: 'Whether it may be used.',
    },
  });

  schema.index({ name: 1 }, { unique: true });
  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ isEnabled: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const LlmModel = entity('LlmModel', define, {
  about: 'A language model: its modalities, limits and prices.',
  owner: 'none',
});
