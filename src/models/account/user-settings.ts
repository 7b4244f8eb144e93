import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';

const KIB_16 = 16 * 1024;

const schema = new Schema({
  preferences: freeForm(KIB_16, { required: true, default: () => ({}), personal: 'export' }),
  application: freeForm(KIB_16, { required: true, default: () => ({}), personal: 'export' }),
  personalization: freeForm(KIB_16, { required: true, default: () => ({}), personal: 'export' }),
  notifications: freeForm(KIB_16, { required: true, default: () => ({}), personal: 'export' }),
});

schema.index({ user: 1 }, { unique: true });

export const UserSettings = entity('UserSettings', schema, {
  about: 'What a user has set: one document each, made with the account.',
  collection: 'userSettings',
});
