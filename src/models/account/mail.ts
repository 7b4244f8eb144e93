import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../data/entity.ts';

/** What a mail is about; each has a template. */
export const MAIL_KINDS = [
  'RESET_PASSWORD',
  'VERIFY_EMAIL',
  'PASSWORD_CHANGED',
  'EMAIL_CHANGED',
  'NEW_DEVICE',
  'ACCOUNT_LOCKED',
] as const;

export type MailKind = (typeof MAIL_KINDS)[number];

function define() {
  const schema = new Schema({
    kind: { type: String, required: true, enum: MAIL_KINDS, personal: 'none' },
    to: encrypted(
      { type: String, maxlength: 255 },
      { required: true, personal: 'erase', description: 'The address, which may be nobody’s.' },
    ),
    details: encrypted(freeForm(2048), {
      personal: 'erase',
      description: 'What the template shows: when, from where, by which device.',
    }),
    expiresAt: {
      type: Date,
      required: true,
      personal: 'none',
      description: 'When it is given up, if it could not be sent.',
    },
  });

  schema.index({ user: 1 }, { sparse: true });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const Mail = entity('Mail', define, {
  about: 'A mail that waits for its job to send it; deleted once it is sent.',
  owner: 'optional',
  audited: false,
});
