import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../data/entity.ts';

export const SOCIAL_PROVIDERS = [
  'YOUTUBE',
  'TIKTOK',
  'INSTAGRAM',
  'SOUNDCLOUD',
  'SPOTIFY',
] as const;
const SOCIAL_STATUSES = ['CONNECTED', 'EXPIRED', 'REAUTH_REQUIRED', 'REVOKED'] as const;

function define() {
  const token = encrypted(
    { type: String, maxlength: 8192 },
    { server: true, select: false, personal: 'erase' },
  );
  const schema = new Schema({
    provider: {
      type: String,
      required: true,
      immutable: true,
      server: true,
      enum: SOCIAL_PROVIDERS,
      personal: 'export',
    },
    accountId: {
      type: String,
      required: true,
      server: true,
      maxlength: 255,
      personal: 'export',
      description: 'The id of the account at the provider.',
    },
    accountName: {
      type: String,
      server: true,
      maxlength: 255,
      personal: 'export',
      description: 'The display name of the account.',
    },
    scopes: {
      type: [{ type: String, maxlength: 255 }],
      default: undefined,
      server: true,
      maxItems: 50,
      personal: 'export',
      description: 'The OAuth scopes that were granted.',
    },
    accessToken: token,
    refreshToken: token,
    accessTokenExpiresAt: { type: Date, server: true, personal: 'none' },
    refreshTokenExpiresAt: { type: Date, server: true, personal: 'none' },
    metadata: freeForm(16 * 1024, {
      server: true,
      personal: 'export',
      description: 'Further data of the provider about the account.',
    }),
    status: {
      type: String,
      required: true,
      enum: SOCIAL_STATUSES,
      default: 'CONNECTED',
      server: true,
      personal: 'none',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, provider: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ provider: 1, accountId: 1, user: 1 }, { unique: true });

  return schema;
}

/** A connected social account, for publishing. Its tokens never leave the server. */
export const SocialAccount = entity('SocialAccount', define, {
  about: 'A connected social account, for publishing. Its tokens never leave the server.',
});
