import { Schema } from 'mongoose';
import { encrypted, entity, ref } from '../../data/entity.ts';
import { self } from '../../rules.ts';

function define() {
  const schema = new Schema({
    email: {
      type: String,
      required: true,
      server: true,
      trim: true,
      lowercase: true,
      maxlength: 255,
      match:
        /^[^\s@<>(),;:"[\]\\]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i,
      personal: 'export',
      description: 'In lower case; unique.',
    },
    username: {
      type: String,
      required: true,
      server: true,
      minlength: 3,
      maxlength: 50,
      match: /^[A-Za-z0-9_.-]+$/,
      personal: 'export',
      description: 'Unique without regard to case.',
    },
    // Encrypted, because MongoDB writes whole commands into its log when they conflict or are slow.
    hashedPassword: encrypted(
      { type: String },
      {
        required: true,
        select: false,
        server: true,
        personal: 'erase',
        description: 'Argon2id.',
      },
    ),
    credentialsVersion: {
      type: Number,
      integer: true,
      required: true,
      default: 1,
      select: false,
      server: true,
      personal: 'none',
      description:
        'Rises when the password is changed or all sessions end; sessions of a lower one are refused.',
    },
    displayName: { type: String, trim: true, maxlength: 100, personal: 'export' },
    bio: { type: String, trim: true, maxlength: 2000, personal: 'export' },
    avatar: ref('Image', { onDelete: 'unset', personal: 'export' }),
    locale: {
      type: String,
      maxlength: 35,
      match: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/,
      personal: 'export',
      description: 'A BCP 47 language tag: `en-GB`.',
    },
    isActive: {
      type: Boolean,
      required: true,
      server: true,
      personal: 'none',
      description: 'False: suspended, and cannot sign in.',
    },
    isAdmin: {
      type: Boolean,
      required: true,
      server: true,
      personal: 'none',
      description: 'Whether the user is an administrator.',
    },
    emailVerifiedAt: { type: Date, server: true, personal: 'export' },
    lastLoginAt: { type: Date, server: true, personal: 'export' },
  });

  schema.index({ email: 1 }, { unique: true });
  schema.index({ username: 1 }, { unique: true, collation: { locale: 'en', strength: 2 } });
  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ isAdmin: 1 }, { partialFilterExpression: { isAdmin: true } });
  schema.index({ avatar: 1 }, { sparse: true });

  return schema;
}

export const User = entity('User', define, {
  about: 'An account: credentials and profile of a user.',
  owner: 'none',
  readers: self,
});
