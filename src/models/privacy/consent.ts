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
      description: 'What it is about. The newest consent for a purpose is the valid one.',
    },
    textVersion: {
      type: String,
      // The stored name `version` is taken: every document counts its writes in it.
      publicName: 'version',
      required: true,
      immutable: true,
      maxlength: 64,
      personal: 'export',
      description: 'The version of the text that was agreed to or refused.',
    },
    granted: {
      type: Boolean,
      required: true,
      immutable: true,
      personal: 'export',
      description: 'False when it was refused or withdrawn.',
    },
    ip: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 64,
      personal: 'export',
      description: 'The IP address that it came from.',
    },
    userAgent: { type: String, immutable: true, server: true, maxlength: 512, personal: 'export' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, purpose: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const Consent = entity('Consent', define, {
  about:
    'What a user agreed to or refused. Append-only; the newest for a purpose is the valid one.',
});
