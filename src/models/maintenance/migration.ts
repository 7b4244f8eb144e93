import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, maxlength: 128, personal: 'none' },
    status: {
      type: String,
      required: true,
      enum: ['RUNNING', 'APPLIED'],
      personal: 'none',
      description: 'RUNNING while it is applied or undone, and after a run that was killed.',
    },
    progress: freeForm(64 * 1024, {
      personal: 'none',
      description: 'The direction of the run (up or down), and the position of each batch step.',
    }),
    appliedAt: { type: Date, personal: 'none' },
    durationMs: { type: Number, integer: true, min: 0, personal: 'none' },
  });

  schema.index({ name: 1 }, { unique: true });

  return schema;
}

export const Migration = entity('Migration', define, {
  about:
    'A migration that was applied to this database, or is being applied or undone. The migration engine maintains the collection itself.',
  owner: 'none',
  audited: false,
});

export type MigrationDoc = DocOf<typeof Migration>;
