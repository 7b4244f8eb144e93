import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const define = () =>
  new Schema({
    // The key that encrypts this one (envelope encryption): the ARN of a KMS key, or our name of a
    // local key.
    wrapper: { type: String, required: true },
    wrapped: { type: Buffer, required: true },
  });

export const SealingKey = entity('SealingKey', define, {
  about:
    'A data key for encrypted fields, itself encrypted (envelope encryption). Never deleted, because stored values can only be decrypted with it.',
  owner: 'none',
  audited: false,
});
