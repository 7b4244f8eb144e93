import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';
import { MODALITIES } from './interaction.ts';

const modalities = { type: [{ type: String, enum: MODALITIES }], required: true, maxItems: 4 };

const capabilitiesSchema = new Schema(
  {
    input: modalities,
    output: modalities,
    streaming: { type: String, required: true, enum: ['REQUIRED', 'OPTIONAL', 'NONE'] },
  },
  { _id: false },
);

const schema = new Schema({
  name: { type: String, required: true, immutable: true, match: /^[a-z0-9][a-z0-9._-]{0,63}$/ },
  provider: { type: String, required: true, maxlength: 64 },
  baseUrl: { type: String, maxlength: 2048, match: /^https?:\/\/[^\s/]+(\/\S*)?$/ },
  capabilities: { type: capabilitiesSchema, required: true },
  // Kind of token → US dollars for a million.
  prices: freeForm(4096, { required: true, default: () => ({}) }),
  isEnabled: { type: Boolean, required: true, default: true },
});

schema.index({ name: 1 }, { unique: true });
schema.index({ createdAt: -1, _id: -1 });
schema.index({ isEnabled: 1, createdAt: -1, _id: -1 });

export const LlmModel = entity('LlmModel', schema, {
  about: 'A language model that may be asked, with what it takes, gives and costs.',
  owner: 'none',
});
