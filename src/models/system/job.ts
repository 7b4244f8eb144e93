import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm, ref } from '../../data/entity.ts';

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

const errorSchema = new Schema(
  {
    code: { type: String, required: true, maxlength: 64 },
    message: { type: String, required: true, maxlength: 1000 },
    retryable: { type: Boolean, required: true },
  },
  { _id: false },
);

const leaseSchema = new Schema(
  {
    owner: { type: String, required: true },
    // Grows with every claim: a write that shows an older one comes from a worker that lost the job.
    token: { type: Number, required: true, integer: true },
    until: { type: Date, required: true },
  },
  { _id: false },
);

const schema = new Schema({
  project: ref('Project', { immutable: true, onDelete: 'cascade' }),
  type: { type: String, required: true, immutable: true, maxlength: 64 },
  input: freeForm(16 * 1024, { required: true, immutable: true }),
  status: { type: String, required: true, enum: JOB_STATUSES, default: 'QUEUED', server: true },
  progress: { type: Number, required: true, default: 0, min: 0, max: 100, server: true },
  stage: { type: String, maxlength: 64, server: true },
  result: freeForm(64 * 1024, { server: true }),
  error: { type: errorSchema, server: true },
  priority: {
    type: Number,
    required: true,
    default: 5,
    min: 0,
    max: 9,
    integer: true,
    immutable: true,
  },
  // Failed runs. A lost lease is none: it is counted in `losses`.
  attempts: { type: Number, required: true, default: 0, integer: true, server: true },
  maxAttempts: { type: Number, required: true, default: 3, integer: true, server: true },
  losses: { type: Number, required: true, default: 0, integer: true, server: true, select: false },
  lease: { type: leaseSchema, select: false, server: true },
  runAfter: { type: Date, required: true, server: true },
  startedAt: { type: Date, server: true },
  completedAt: { type: Date, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
schema.index({ project: 1 }, { sparse: true });
// Claiming: what waits, the most urgent first, then the longest waiting.
schema.index(
  { priority: -1, runAfter: 1 },
  { name: 'claim', partialFilterExpression: { status: 'QUEUED' } },
);
schema.index(
  { 'lease.until': 1 },
  { name: 'lost', partialFilterExpression: { status: 'RUNNING' } },
);
// Marks that a removal left when it was cut off.
schema.index({ removing: 1 }, { sparse: true });

export const Job = entity('Job', schema, {
  about: 'A piece of background work. The document is the queue; a message only wakes a worker.',
  owner: 'optional',
  unversioned: ['progress', 'stage'],
});

export type JobDoc = DocOf<typeof Job>;
