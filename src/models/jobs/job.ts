import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm, ref } from '../../data/entity.ts';

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

const errorSchema = new Schema(
  {
    code: { type: String, required: true, maxlength: 64 },
    message: { type: String, required: true, maxlength: 1000 },
    retryable: { type: Boolean, required: true, description: 'Whether a retry may succeed.' },
  },
  { _id: false },
);

const leaseSchema = new Schema(
  {
    owner: { type: String, required: true, description: 'The worker that holds it.' },
    token: {
      type: Number,
      required: true,
      integer: true,
      description:
        'The fencing token, which grows with every claim: a write with an older token comes from a worker that lost the job, and is refused.',
    },
    until: {
      type: Date,
      required: true,
      description: 'When another worker may claim the job, unless this one renews the lease.',
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
      description: 'The fencing token of the claim that fanned out: only its child jobs count.',
    },
    waiting: {
      type: Number,
      required: true,
      integer: true,
      description: 'How many child jobs have not completed; the last one wakes this job.',
    },
    state: freeForm(64 * 1024, { required: true, description: 'State for the fan-in.' }),
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
      description: 'The job type: `process-track`.',
    },
    input: freeForm(16 * 1024, {
      required: true,
      immutable: true,
      description: 'The input of the handler.',
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
      description: 'In percent; never decreases.',
    },
    stage: {
      type: String,
      maxlength: 64,
      server: true,
      description: 'The current step: `decode`.',
    },
    result: freeForm(64 * 1024, { server: true, description: 'The result of the handler.' }),
    error: {
      type: errorSchema,
      server: true,
      description: 'Why it, or its last attempt, failed.',
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
      description: 'Failed attempts. A lost lease does not count.',
    },
    maxAttempts: {
      type: Number,
      required: true,
      default: 3,
      integer: true,
      server: true,
      description: 'After this many failed attempts it is FAILED.',
    },
    losses: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      select: false,
      description: 'How often a lease expired, or a worker ran out of time.',
    },
    lease: {
      type: leaseSchema,
      select: false,
      server: true,
      description: 'The worker that runs it, and until when.',
    },
    runAfter: {
      type: Date,
      required: true,
      server: true,
      description: 'It does not run before this time.',
    },
    parent: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'cascade',
      description: 'The parent of a child job.',
    }),
    parentToken: {
      type: Number,
      integer: true,
      immutable: true,
      server: true,
      select: false,
      description: "The fencing token of the parent's claim that fanned out.",
    },
    parts: {
      type: partsSchema,
      select: false,
      server: true,
      description: 'State of a job that fanned out and waits for its child jobs.',
    },
    quote: {
      type: Number,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      description: 'What it costs at most, in whole credits, which are held until it ends.',
    },
    startedAt: { type: Date, server: true },
    completedAt: { type: Date, server: true },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 }, { sparse: true });
  schema.index({ parent: 1, status: 1 }, { sparse: true });
  // For claiming: by priority, then by waiting time.
  schema.index(
    { priority: -1, runAfter: 1 },
    { name: 'claim', partialFilterExpression: { status: 'QUEUED' } },
  );
  schema.index(
    { 'lease.until': 1 },
    { name: 'lost', partialFilterExpression: { status: 'RUNNING' } },
  );
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const Job = entity('Job', define, {
  about: 'A background job. The document is the queue; a message only wakes a worker.',
  owner: 'optional',
  unversioned: ['progress', 'stage'],
  events: 'UPDATED',
});

export type JobDoc = DocOf<typeof Job>;
