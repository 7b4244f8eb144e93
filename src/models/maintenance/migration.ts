import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, maxlength: 128 },
    status: {
      type: String,
      required: true,
      enum: ['RUNNING', 'APPLIED'],
      description: 'RUNNING while it is applied or undone, and after a run that was killed.',
    },
    progress: freeForm(64 * 1024, {
      description: 'The direction of the run (up or down), and the position of each batch step.',
    }),
    appliedAt: { type: Date },
    durationMs: { type: Number, integer: true, min: 0 },
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
