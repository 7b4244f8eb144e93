import { Schema } from 'mongoose';
import { type DocOf, entity } from '../../data/entity.ts';
import { JOB_QUEUES } from './job.ts';

function define() {
  const schema = new Schema({
    queue: { type: String, required: true, enum: JOB_QUEUES, personal: 'none' },
    first: {
      type: Number,
      required: true,
      personal: 'none',
      description: 'The first turn that was taken last.',
    },
    last: {
      type: Number,
      required: true,
      personal: 'none',
      description: 'The last turn that was taken.',
    },
    least: {
      type: Number,
      required: true,
      personal: 'none',
      description: 'The priority of the least urgent job that turns were ever taken for.',
    },
  });

  schema.index({ user: 1, queue: 1 }, { unique: true });

  return schema;
}

export const JobTurn = entity('JobTurn', define, {
  about: 'Which turns a user has taken in a queue of jobs, so that each next job waits one longer.',
  owner: 'optional',
  audited: false,
});

export type JobTurnDoc = DocOf<typeof JobTurn>;
