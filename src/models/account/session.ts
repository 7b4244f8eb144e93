import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const schema = new Schema({
  refreshTokenHash: { type: String, required: true, select: false, server: true },
  userAgent: { type: String, maxlength: 512, server: true, personal: 'export' },
  ip: { type: String, maxlength: 64, server: true, personal: 'export' },
  expiresAt: { type: Date, required: true, server: true },
  rotatedAt: { type: Date, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const Session = entity('Session', schema, {
  about:
    'One sign-in on one device: a family of refresh tokens, each replacing the one before. Ended = gone.',
});
