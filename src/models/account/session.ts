import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    refreshTokenHash: {
      type: String,
      required: true,
      select: false,
      server: true,
      personal: 'erase',
      description: 'SHA-256 of the refresh token that is valid now.',
    },
    userAgent: {
      type: String,
      maxlength: 512,
      server: true,
      personal: 'export',
      description: 'The browser or app that signed in.',
    },
    ip: {
      type: String,
      maxlength: 64,
      server: true,
      personal: 'export',
      description: 'The IP address of the sign-in.',
    },
    credentialsVersion: {
      type: Number,
      integer: true,
      required: true,
      select: false,
      server: true,
      personal: 'none',
      description: 'That of the account when the session began.',
    },
    expiresAt: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'When the session expires.',
    },
    rotatedAt: {
      type: Date,
      server: true,
      personal: 'export',
      description: 'When its tokens were last rotated.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const Session = entity('Session', define, {
  about:
    'One sign-in on one device: a family of refresh tokens, each of which replaces the one before. A session that has ended is deleted.',
});
