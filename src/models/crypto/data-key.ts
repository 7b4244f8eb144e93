import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const reason = 'keep: it names nobody once the account is gone, and says that its keys are, too';

function define() {
  const schema = new Schema({
    subject: {
      type: String,
      maxlength: 36,
      personal: reason,
      description:
        'Whose data it encrypts: the id of a user, which outlives the account, or `stage`. A key of before encrypted everybody’s, and has none.',
    },
    wrapper: {
      type: String,
      required: true,
      personal: 'none',
      description:
        'The key that wraps it: the ARN of a KMS key, or a name for one that is derived from APP_SECRET.',
    },
    wrapped: {
      type: Buffer,
      personal: 'none',
      description: 'Only of a key of before: the others are in the bucket of keys alone.',
    },
    endedAt: {
      type: Date,
      personal: 'none',
      description: 'Since when it encrypts nothing more, though it may be young.',
    },
    unneededAt: {
      type: Date,
      personal: 'none',
      description: 'Since when nothing in the database is encrypted under it.',
    },
    seenAt: {
      type: Date,
      personal: 'none',
      description: 'When something was last found that is encrypted under it.',
    },
    forgottenAt: {
      type: Date,
      personal: reason,
      description: 'When the keys of its subject were destroyed; no new one is made for it.',
    },
  });
  schema.index({ subject: 1, _id: -1 });
  schema.index({ endedAt: 1 }, { sparse: true });

  return schema;
}

export const DataKey = entity('DataKey', define, {
  about:
    'A key that fields are encrypted under (envelope encryption): whose, and since when. The key itself, wrapped by another, is in a bucket of its own, so that no dump of the database holds it.',
  collection: 'sealingKeys',
  owner: 'none',
  audited: false,
});
