import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';

const KIB_16 = 16 * 1024;

function define() {
  const schema = new Schema({
    preferences: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: "How the user likes to work; the keys are the client's.",
    }),
    application: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'What the client app keeps of itself: windows, tools, last places.',
    }),
    personalization: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: "What suggestions and generation may take from the user's taste.",
    }),
    notifications: freeForm(KIB_16, {
      required: true,
      default: () => ({}),
      personal: 'export',
      description: 'Of what the user wants to be told, and how.',
    }),
  });

  schema.index({ user: 1 }, { unique: true });

  return schema;
}

export const UserSettings = entity('UserSettings', define, {
  about: 'What a user has set: one document each, made with the account.',
  collection: 'userSettings',
});
