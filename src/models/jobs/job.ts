import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm, ref } from '../../data/entity.ts';
import type { EntityUsage } from '../../data/usage.ts';
import { progressField } from '../progress-field.ts';

/** What kinds of load there are; each has workers of its own. */
export const JOB_QUEUES = ['MEDIA', 'RENDER', 'PROVIDER', 'UPKEEP'] as const;
export type JobQueue = (typeof JOB_QUEUES)[number];
/** A filter of any queue, for the indexes that begin with it. */
export const ANY_QUEUE = { $in: JOB_QUEUES };

/** What a QUEUED job waits for. */
const WAITS = ['WORKER', 'TIME', 'LIMIT', 'JOBS', 'CHILDREN'] as const;

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

/** In which a job has not ended. */
export const OPEN_STATUSES: readonly string[] = ['QUEUED', 'RUNNING'];

function makeErrorSchema() {
  return new Schema(
    {
      code: { type: String, required: true, maxlength: 64 },
      message: { type: String, required: true, maxlength: 1000 },
      retryable: { type: Boolean, required: true, description: 'Whether a retry may succeed.' },
    },
    { _id: false },
  );
}

function makeLeaseSchema() {
  return new Schema(
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
}

function makePartsSchema() {
  return new Schema(
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
}

function define() {
  const schema = new Schema({
    project: ref('Project', { immutable: true, onDelete: 'cascade', personal: 'none' }),
    type: {
      type: String,
      required: true,
      immutable: true,
      maxlength: 64,
      personal: 'none',
      description: 'The job type: `process-track`.',
    },
    queue: {
      type: String,
      required: true,
      enum: JOB_QUEUES,
      default: 'MEDIA',
      immutable: true,
      server: true,
      personal: 'none',
      description:
        'MEDIA: seconds of work, RENDER: minutes, PROVIDER: waiting for others, UPKEEP: sweeping. Each has workers of its own.',
    },
    input: freeForm(16 * 1024, {
      required: true,
      immutable: true,
      personal: 'erase',
      description: 'The input of the handler.',
    }),
    status: {
      type: String,
      required: true,
      enum: JOB_STATUSES,
      default: 'QUEUED',
      server: true,
      personal: 'none',
      description:
        'QUEUED → RUNNING → COMPLETED, FAILED or CANCELLED; back to QUEUED for another try, by `retry`, or while it waits for child jobs.',
    },
    waitsFor: {
      type: String,
      required: true,
      enum: WAITS,
      default: 'WORKER',
      server: true,
      personal: 'none',
      description:
        'While it is QUEUED. WORKER: its turn. TIME: `runAfter`. LIMIT: as many run as may at once. JOBS: those in `after`. CHILDREN: its child jobs.',
    },
    turn: {
      type: Number,
      integer: true,
      server: true,
      select: false,
      personal: 'none',
      description: 'Its place in the queue: the least is next. Users take turns.',
    },
    limits: {
      type: [{ type: String, maxlength: 120 }],
      default: undefined,
      maxItems: 4,
      server: true,
      select: false,
      personal: 'erase',
      description: 'The limits that apply to it: `type export`.',
    },
    slots: {
      type: [{ type: String, maxlength: 130 }],
      default: undefined,
      maxItems: 4,
      server: true,
      select: false,
      personal: 'erase',
      description: 'Its slot of each limit, from when a worker may have it until it ends.',
    },
    waitsForLimit: {
      type: String,
      maxlength: 120,
      server: true,
      personal: 'erase',
      description: 'Which limit it waits for: `type export`.',
    },
    openKey: {
      type: String,
      maxlength: 300,
      server: true,
      select: false,
      personal: 'erase',
      description: 'Its unique key, as long as it has not ended.',
    },
    uniqueKey: {
      type: String,
      maxlength: 300,
      immutable: true,
      server: true,
      select: false,
      personal: 'erase',
      description: 'Its unique key, which it has again when it is started anew.',
    },
    after: {
      type: [{ type: String, maxlength: 36 }],
      default: undefined,
      maxItems: 20,
      immutable: true,
      server: true,
      personal: 'none',
      description: 'The ids of the jobs that it waits for.',
    },
    supersededBy: {
      type: String,
      maxlength: 36,
      server: true,
      personal: 'none',
      description: 'The id of the newer job with the same unique key that took its place.',
    },
    pending: {
      type: [{ type: String, maxlength: 36 }],
      default: undefined,
      maxItems: 20,
      server: true,
      select: false,
      personal: 'none',
      description: 'Those of `after` that have not completed.',
    },
    startedBy: {
      type: String,
      maxlength: 36,
      immutable: true,
      server: true,
      personal: 'none',
      description: 'The id of the job that started it, and waits for its end.',
    },
    dependents: {
      type: Number,
      integer: true,
      server: true,
      personal: 'none',
      description: 'How many jobs were started to wait for it.',
    },
    deadline: {
      type: Date,
      immutable: true,
      server: true,
      personal: 'none',
      description:
        'It fails with DEADLINE_EXCEEDED when it has not completed by then. Once that has passed, a retry has none.',
    },
    progress: progressField('In percent; never decreases.'),
    stage: {
      type: String,
      maxlength: 64,
      server: true,
      personal: 'none',
      description: 'The current step: `decode`.',
    },
    rate: {
      type: Number,
      min: 0,
      server: true,
      personal: 'none',
      description: 'Its progress in percent a second, of late.',
    },
    secondsLeft: {
      type: Number,
      min: 0,
      integer: true,
      server: true,
      personal: 'none',
      description: 'An estimate of the time that it still takes, in seconds.',
    },
    result: freeForm(64 * 1024, {
      server: true,
      personal: 'erase',
      description: 'The result of the handler.',
    }),
    error: {
      type: makeErrorSchema(),
      server: true,
      personal: 'none',
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
      personal: 'none',
      description:
        'Orders the jobs of one user: 9 is the most urgent. Never before those of others.',
    },
    attempts: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      personal: 'none',
      description: 'Failed attempts. A lost lease does not count.',
    },
    maxAttempts: {
      type: Number,
      required: true,
      default: 3,
      integer: true,
      server: true,
      personal: 'none',
      description: 'After this many failed attempts it is FAILED.',
    },
    losses: {
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      select: false,
      personal: 'none',
      description: 'How often a lease expired, or a worker ran out of time.',
    },
    lease: {
      type: makeLeaseSchema(),
      select: false,
      server: true,
      personal: 'none',
      description: 'The worker that runs it, and until when.',
    },
    runAfter: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'It does not run before this time.',
    },
    parent: ref('Job', {
      immutable: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
      description: 'The parent of a child job.',
    }),
    parentToken: {
      type: Number,
      integer: true,
      immutable: true,
      server: true,
      select: false,
      personal: 'none',
      description: "The fencing token of the parent's claim that fanned out.",
    },
    parts: {
      type: makePartsSchema(),
      select: false,
      server: true,
      personal: 'erase',
      description: 'State of a job that fanned out and waits for its child jobs.',
    },
    quote: {
      type: Number,
      immutable: true,
      server: true,
      integer: true,
      min: 1,
      personal: 'export',
      description: 'What it costs at most, in whole credits, which are held until it ends.',
    },
    priceVersion: {
      type: String,
      immutable: true,
      server: true,
      maxlength: 64,
      personal: 'none',
      description: 'The version of the prices that `quote` is by.',
    },
    minutes: {
      type: Number,
      min: 0,
      server: true,
      personal: 'none',
      description: 'The minutes of media that it processes, once they are known and were allowed.',
    },
    startedAt: { type: Date, server: true, personal: 'none' },
    completedAt: { type: Date, server: true, personal: 'none' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, status: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, type: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, project: 1, createdAt: -1, _id: -1 });
  schema.index({ project: 1 }, { sparse: true });
  schema.index({ parent: 1, status: 1 }, { sparse: true });
  // For claiming: whose turn it is.
  schema.index(
    { queue: 1, waitsFor: 1, turn: 1 },
    { name: 'claim', partialFilterExpression: { status: 'QUEUED' } },
  );
  schema.index(
    { queue: 1, 'lease.until': 1 },
    { name: 'lost', partialFilterExpression: { status: 'RUNNING' } },
  );
  // Jobs whose time has come get a place in their queue.
  schema.index(
    { queue: 1, runAfter: 1 },
    { name: 'due', partialFilterExpression: { status: 'QUEUED', waitsFor: 'TIME' } },
  );
  // One's own that a more urgent one goes before.
  schema.index(
    { user: 1, queue: 1, priority: 1, turn: 1 },
    { name: 'own', partialFilterExpression: { status: 'QUEUED' } },
  );
  // A slot is one job's, and a free one goes to whose turn it is.
  schema.index({ slots: 1 }, { unique: true, sparse: true });
  schema.index(
    { waitsForLimit: 1, turn: 1 },
    { name: 'limited', partialFilterExpression: { status: 'QUEUED', waitsFor: 'LIMIT' } },
  );
  schema.index({ openKey: 1 }, { unique: true, sparse: true });
  schema.index({ after: 1 }, { sparse: true });
  schema.index({ pending: 1 }, { sparse: true });
  schema.index(
    { startedBy: 1, status: 1 },
    { partialFilterExpression: { startedBy: { $exists: true } } },
  );
  schema.index(
    { deadline: 1 },
    {
      name: 'overdue',
      partialFilterExpression: { status: 'QUEUED', deadline: { $exists: true } },
    },
  );
  // For the administrators' view: how many ended lately, and how.
  schema.index({ queue: 1, status: 1, completedAt: -1 });
  // Those that have failed for good, by type and code.
  schema.index(
    { queue: 1, completedAt: -1, type: 1, 'error.code': 1 },
    { name: 'dead', partialFilterExpression: { status: 'FAILED' } },
  );
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

/** One that has not ended is one of the jobs at once; child jobs are part of their parent. */
const usage: EntityUsage = {
  of: ({ status, parent }) => ({
    jobs: OPEN_STATUSES.includes(status as string) && !parent ? 1 : 0,
  }),
  sums: {
    jobs: {
      $cond: [
        {
          $and: [{ $in: ['$status', OPEN_STATUSES] }, { $not: [{ $ifNull: ['$parent', false] }] }],
        },
        1,
        0,
      ],
    },
  },
};

export const Job = entity('Job', define, {
  about: 'A background job. The document is the queue; a message only wakes a worker.',
  owner: 'optional',
  unversioned: ['progress', 'stage', 'rate', 'secondsLeft'],
  events: 'UPDATED',
  usage,
});

export type JobDoc = DocOf<typeof Job>;
