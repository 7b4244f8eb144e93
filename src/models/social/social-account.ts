import { Schema } from 'mongoose';
import { entity, freeForm, sealed } from '../../data/entity.ts';

export const SOCIAL_PROVIDERS = [
  'YOUTUBE',
  'TIKTOK',
  'INSTAGRAM',
  'SOUNDCLOUD',
  'SPOTIFY',
] as const;
const SOCIAL_STATUSES = ['CONNECTED', 'EXPIRED', 'REAUTH_REQUIRED', 'REVOKED'] as const;

const token = sealed({ type: String, maxlength: 8192 }, { server: true, select: false });

function define() {
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
      description: 'Which account, by the id that the provider gave it.',
    },
    accountName: {
      type: String,
      server: true,
      maxlength: 255,
      personal: 'export',
      description: 'The name that the account shows there.',
    },
    scopes: {
      type: [{ type: String, maxlength: 255 }],
      default: undefined,
      server: true,
      maxItems: 50,
      description: "What we may do there, in the provider's words.",
    },
    accessToken: token,
    refreshToken: token,
    accessTokenExpiresAt: { type: Date, server: true },
    refreshTokenExpiresAt: { type: Date, server: true },
    metadata: freeForm(16 * 1024, {
      server: true,
      personal: 'export',
      description: 'What else the provider told of the account.',
    }),
    status: {
      type: String,
      required: true,
      enum: SOCIAL_STATUSES,
      default: 'CONNECTED',
      server: true,
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, provider: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ provider: 1, accountId: 1, user: 1 }, { unique: true });

  return schema;
}

/** An account elsewhere that we may publish to. Its tokens never leave the server. */
export const SocialAccount = entity('SocialAccount', define, {
  about: 'An account elsewhere that we may publish to. Its tokens never leave the server.',
});
