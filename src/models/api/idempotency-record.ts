import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    key: { type: String, required: true, description: 'SHA-256 over who asks and their key.' },
    fingerprint: {
      type: String,
      required: true,
      description: 'HMAC-SHA-256 over the route and the canonical body.',
    },
    promisedId: {
      type: Schema.Types.UUID,
      required: true,
      description:
        'The id that what this request makes will have, also when it is made at a second try.',
    },
    runningUntil: {
      type: Date,
      required: true,
      description: 'While this lies ahead, the first request is taken to be running.',
    },
    answer: {
      type: Buffer,
      description: "The answer, encrypted under the request's own body: it may hold tokens.",
    },
    expiresAt: { type: Date, required: true },
  });

  schema.index({ key: 1 }, { unique: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const IdempotencyRecord = entity('IdempotencyRecord', define, {
  about: 'What was answered to a request with an Idempotency-Key, for 24 hours.',
  owner: 'none',
  audited: false,
});
