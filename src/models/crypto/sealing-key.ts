import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const define = () =>
  new Schema({
    // Whose key it is wrapped under: a KMS key's ARN, or a name of ours at home.
    wrapper: { type: String, required: true },
    wrapped: { type: Buffer, required: true },
  });

export const SealingKey = entity('SealingKey', define, {
  about:
    'A key that sealed fields are encrypted under, itself encrypted. Never deleted: what it sealed opens with it.',
  owner: 'none',
  audited: false,
});
