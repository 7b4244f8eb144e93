import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, maxlength: 128 },
    status: {
      type: String,
      required: true,
      enum: ['RUNNING', 'APPLIED'],
      description: 'RUNNING: partly applied or partly reverted, also after a crash.',
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
    'A migration that was applied to this database, or is running. The migration engine manages the collection.',
  owner: 'none',
  audited: false,
});

export type MigrationDoc = DocOf<typeof Migration>;
