import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm, ref } from '../../data/entity.ts';

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

const errorSchema = new Schema(
  {
    code: { type: String, required: true, maxlength: 64 },
    message: { type: String, required: true, maxlength: 1000 },
    retryable: { type: Boolean, required: true, description: 'Whether the same may work later.' },
  },
  { _id: false },
);

const leaseSchema = new Schema(
  {
    owner: { type: String, required: true, description: 'The worker that has it.' },
    token: {
      type: Number,
      required: true,
      integer: true,
      description:
        'Grows with every claim: a write that shows an older one comes from a worker that lost the job.',
    },
    until: {
      type: Date,
      required: true,
      description: 'Then another worker may take it, if this one does not renew it.',
    },
  },
  { _id: false },
);

const partsSchema = new Schema(
  {
    token: {
      type: Number,
      required: true,
      integer: true,
      description: 'Of the claim that fanned out: only its child jobs are waited for.',
    },
    waiting: {
      type: Number,
      required: true,
      integer: true,
      description: 'How many child jobs have not completed yet; the last wakes this one.',
    },
    state: freeForm(64 * 1024, { required: true, description: 'What the fan-in goes on with.' }),
  },
  { _id: false },
);

function define() {
  const schema = new Schema({
    project: ref('Project', { immutable: true, onDelete: 'cascade' }),
    type: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      description: 'What is to be done: `process-track`.',
    },
    input: freeForm(16 * 1024, {
      required: true,
      immutable: true,
      description: "For the type's handler.",
    }),
    status: {
      type: String,
      required: true,
      enum: JOB_STATUSES,
      default: 'QUEUED',
      server: true,
      description:
        'QUEUED → RUNNING → COMPLETED, FAILED or CANCELLED; back to QUEUED for another try, by `retry`, or while it waits for child jobs.',
    },
    progress: {
      type: Number,
      required: true,
      default: 0,
      min: 0,
      max: 100,
      server: true,
      description: 'In percent; never goes back.',
    },
    stage: {
      type: String,
      maxlength: 64,
      server: true,
      description: 'What is being done: `decode`.',
    },
    result: freeForm(64 * 1024, { server: true, description: 'What the handler made.' }),
    error: {
      type: errorSchema,
      server: true,
      description: 'Why it failed, or the last try of it did.',
    },
    priority: {
      type: Number,
      required: true,
      default: 5,
      min: 0,
      max: 9,
      integer: true,
      immutable: true,
      description: '9 is the most urgent.',
    },
    attempts: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      description: 'Failed runs. A lost lease is none.',
    },
    maxAttempts: {
      type: Number,
      required: true,
      default: 3,
      integer: true,
      server: true,
      description: 'After so many failed runs it has FAILED.',
    },
    losses: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      select: false,
      description: 'Leases that ran out, and workers whose time did.',
    },
    lease: {
      type: leaseSchema,
      select: false,
      server: true,
      description: 'Who works on it now, and until when.',
    },
    runAfter: { type: Date, required: true, server: true, description: 'Not before.' },
    parent: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'cascade',
      description: 'The job that this one is a child of.',
    }),
    parentToken: {
      type: Number,
      integer: true,
      immutable: true,
      server: true,
      select: false,
      description: 'Of the claim of the parent that fanned out.',
    },
    parts: {
      type: partsSchema,
      select: false,
      server: true,
      description: 'Of a job that fanned out and waits for its child jobs.',
    },
    // The credits reserved for it.
    hold: ref('CreditHold', { server: true, onDelete: 'unset' }),
    startedAt: { type: Date, server: true },
    completedAt: { type: Date, server: true },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 }, { sparse: true });
  schema.index({ hold: 1 }, { sparse: true });
  schema.index({ parent: 1, status: 1 }, { sparse: true });
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

  return schema;
}

export const Job = entity('Job', define, {
  about: 'A piece of background work. The document is the queue; a message only wakes a worker.',
  owner: 'optional',
  unversioned: ['progress', 'stage'],
});

export type JobDoc = DocOf<typeof Job>;
