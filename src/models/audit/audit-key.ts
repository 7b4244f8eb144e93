import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';

const define = () =>
  new Schema({
    wrapper: {
      type: String,
      required: true,
      personal: 'none',
      description: 'The key that it is wrapped under: of KMS, or one derived from our secret.',
    },
    wrapped: { type: Buffer, required: true, personal: 'none' },
  });

export const AuditKey = entity('AuditKey', define, {
  about:
    'A key that audit entries and checkpoints are signed with, itself encrypted: whoever has the database alone can sign nothing. Never deleted: what it signed needs it.',
  owner: 'none',
  audited: false,
  appendOnly: true,
});
