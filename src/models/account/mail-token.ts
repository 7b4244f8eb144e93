import { Schema } from 'mongoose';
import { encrypted, entity } from '../../data/entity.ts';

export const TOKEN_PURPOSES = ['RESET_PASSWORD', 'VERIFY_EMAIL'] as const;

function define() {
  const schema = new Schema({
    purpose: { type: String, required: true, enum: TOKEN_PURPOSES, personal: 'none' },
    tokenHash: {
      type: String,
      required: true,
      select: false,
      personal: 'erase',
      description: 'SHA-256 of the token, which only the mail has.',
    },
    email: encrypted(
      { type: String, maxlength: 255 },
      {
        required: true,
        personal: 'erase',
        description: 'Where it was sent: who has the token reads the mail of this address.',
      },
    ),
    credentialsVersion: {
      type: Number,
      integer: true,
      required: true,
      select: false,
      personal: 'none',
      description:
        'That of the account when it was asked for: a change of the password makes it worthless.',
    },
    expiresAt: { type: Date, required: true, personal: 'none' },
  });

  schema.index({ tokenHash: 1 }, { unique: true });
  schema.index({ user: 1, purpose: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const MailToken = entity('MailToken', define, {
  about: 'A token in a mail, which works once: it resets a password, or proves an address.',
  audited: false,
});
