import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const define = () =>
  new Schema({
    // The key that it is wrapped under: the ARN of a KMS key, or a name for one derived from our
    // secret.
    wrapper: { type: String, required: true },
    wrapped: { type: Buffer, required: true },
  });

export const DataKey = entity('DataKey', define, {
  about:
    'A key that fields are encrypted under, itself encrypted (envelope encryption). Never deleted: what it encrypted needs it.',
  collection: 'sealingKeys',
  owner: 'none',
  audited: false,
});
