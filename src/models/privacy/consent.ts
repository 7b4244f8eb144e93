import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const PURPOSES = [
  'TERMS',
  'PRIVACY',
  'MARKETING',
  'ANALYTICS',
  'AI_PROCESSING',
  'THIRD_PARTY_SHARING',
] as const;

function define() {
  const schema = new Schema({
    purpose: {
      type: String,
      required: true,
      immutable: true,
      enum: PURPOSES,
      personal: 'export',
      description: 'What the consent is for; the newest of each purpose counts.',
    },
    // The API calls it `version`, a name that every stored document already has for its write
    // count.
    textVersion: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      personal: 'export',
      description: 'Which version of the text was agreed to or refused.',
    },
    granted: {
      type: Boolean,
      required: true,
      immutable: true,
      personal: 'export',
      description: 'False: refused or withdrawn.',
    },
    ip: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 64,
      personal: 'export',
      description: 'The IP address of the request.',
    },
    userAgent: { type: String, immutable: true, server: true, maxlength: 512, personal: 'export' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, purpose: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const Consent = entity('Consent', define, {
  about: 'A consent that a user gave or refused: append-only, the newest of each purpose counts.',
  names: { textVersion: 'version' },
});
