import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    key: { type: String, required: true, description: 'SHA-256 of the caller and the key.' },
    fingerprint: {
      type: String,
      required: true,
      description: 'HMAC-SHA-256 over the route and the canonical body.',
    },
    promisedId: {
      type: Schema.Types.UUID,
      required: true,
      description: 'The id reserved for the document that this request creates, also by a retry.',
    },
    runningUntil: {
      type: Date,
      required: true,
      description: 'Until then the first request counts as running.',
    },
    answer: {
      type: Buffer,
      description:
        "The answer, encrypted with a key derived from the request's body, because it may contain tokens.",
    },
    expiresAt: { type: Date, required: true },
  });

  schema.index({ key: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const IdempotencyRecord = entity('IdempotencyRecord', define, {
  about: 'The answer to a request with an Idempotency-Key, stored for 24 hours.',
  owner: 'none',
  audited: false,
});
