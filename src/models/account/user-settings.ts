import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';

const KIB_16 = 16 * 1024;

function define() {
  const schema = new Schema({
    preferences: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Preferences of the user; the client defines the keys.',
    }),
    application: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'The state of the client app: windows, tools, last locations.',
    }),
    personalization: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Preferences that suggestions and generation may use.',
    }),
    notifications: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Which notifications the user wants, and how.',
    }),
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const UserSettings = entity('UserSettings', define, {
  about: 'The settings of a user: one document each, created with the account.',
  collection: 'userSettings',
});
