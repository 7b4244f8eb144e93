import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { EXPIRING_HASH } from '../reasons.ts';

function define() {
  const schema = new Schema({
    key: {
      type: String,
      required: true,
      personal: EXPIRING_HASH,
      description: 'SHA-256 of the caller and the key.',
    },
    fingerprint: {
      type: String,
      required: true,
      personal: EXPIRING_HASH,
      description: 'HMAC-SHA-256 over the route and the canonical body.',
    },
    promisedId: {
      type: Schema.Types.UUID,
      required: true,
      personal: 'none',
      description: 'The id reserved for the document that this request creates, also by a retry.',
    },
    run: {
      type: Schema.Types.UUID,
      personal: 'none',
      description: 'The try of the request that has the key at the moment, or had it last.',
    },
    runningUntil: {
      type: Date,
      required: true,
      personal: 'none',
      description: 'Until then the first request counts as running.',
    },
    answer: {
      type: Buffer,
      personal: 'keep: only the same request opens it again, and it expires within a day',
      description:
        "The answer, encrypted with a key derived from the request's body, because it may contain tokens.",
    },
    expiresAt: { type: Date, required: true, personal: 'none' },
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
