import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, maxlength: 128 },
    status: {
      type: String,
      required: true,
      enum: ['RUNNING', 'APPLIED'],
      description: 'RUNNING is neither quite there nor quite gone: also what a killed run leaves.',
    },
    progress: freeForm(64 * 1024, {
      description: 'Which way it ran, and how far each of its batch steps has come.',
    }),
    appliedAt: { type: Date },
    durationMs: { type: Number, integer: true, min: 0 },
  });

  schema.index({ name: 1 }, { unique: true });

  return schema;
}

export const Migration = entity('Migration', define, {
  about: 'A migration that this database has, or is at. The engine itself keeps the collection.',
  owner: 'none',
  audited: false,
});

export type MigrationDoc = DocOf<typeof Migration>;
