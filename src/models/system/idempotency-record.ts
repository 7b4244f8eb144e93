import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const schema = new Schema({
  // SHA-256 over who asks and their key.
  key: { type: String, required: true },
  // HMAC-SHA-256 over the route and the canonical body.
  fingerprint: { type: String, required: true },
  // The id that what this request makes will have, also when it is made at a second try.
  promisedId: { type: Schema.Types.UUID, required: true },
  // While this lies ahead, the first request is taken to be running.
  runningUntil: { type: Date, required: true },
  // The answer, encrypted under the request's own body: it may hold tokens.
  answer: { type: Buffer },
  expiresAt: { type: Date, required: true },
});

schema.index({ key: 1 }, { unique: true });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const IdempotencyRecord = entity('IdempotencyRecord', schema, {
  about: 'What was answered to a request with an Idempotency-Key, for 24 hours.',
  owner: 'none',
  audited: false,
});
