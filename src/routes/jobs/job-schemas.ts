import type { JsonSchema } from '../../api/http/route.ts';
import { idSchema } from '../../api/openapi/schemas.ts';
import { JOB_QUEUES, JOB_STATUSES } from '../../models/jobs/job.ts';

/** An object of which every property is there. */
function makeObject(properties: Record<string, JsonSchema>): JsonSchema {
  const required = Object.keys(properties);
  return { type: 'object', additionalProperties: false, required, properties };
}

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const queue = { type: 'string', enum: JOB_QUEUES };
const status = { type: 'string', enum: JOB_STATUSES };
const time = { type: 'string', format: 'date-time' };
const next = {
  ...time,
  type: ['string', 'null'],
  description: 'The `before` by which the next ones are found; null when these were the last.',
};

export const outlookSchema = makeObject({
  queue,
  status,
  waitsFor: { type: ['string', 'null'], description: 'Null when it is not QUEUED.' },
  position: {
    type: ['integer', 'null'],
    description: '1 is next; null when it waits for no worker.',
  },
  isLowerBound: {
    type: 'boolean',
    description: 'Whether more may be before it than were counted.',
  },
  reason: { type: 'string', description: 'What it waits for, in a sentence.' },
});

export const graphSchema = makeObject({
  status: { ...status, description: 'FAILED or CANCELLED as soon as one of them is.' },
  progress: { type: 'integer', minimum: 0, maximum: 100 },
  jobs: {
    type: 'array',
    items: makeObject({
      id: idSchema,
      type: text,
      status,
      progress: { type: 'number' },
      after: { type: 'array', items: text },
    }),
  },
  isComplete: { type: 'boolean', description: 'False when there are more jobs than are shown.' },
});

export const queuesSchema = makeObject({
  data: {
    type: 'array',
    items: makeObject({
      queue,
      depth: { ...count, description: 'How many wait for a worker.' },
      waiting: makeObject({ time: count, limit: count, jobs: count, children: count }),
      running: count,
      oldest: { ...time, type: ['string', 'null'], description: 'Since when the next one waits.' },
      completed: { ...count, description: 'In the last hour.' },
      failed: { ...count, description: 'In the last hour.' },
      failures: {
        type: 'array',
        items: makeObject({ type: text, code: text, count }),
      },
    }),
  },
});

export const deadLettersSchema = makeObject({
  data: {
    type: 'array',
    items: makeObject({
      id: idSchema,
      user: { ...idSchema, type: ['string', 'null'] },
      type: text,
      attempts: count,
      error: { type: ['object', 'null'] },
      completedAt: time,
    }),
  },
  next,
});

export const redrivenSchema = makeObject({
  redriven: { ...count, description: 'How many were started.' },
  skipped: {
    type: 'array',
    description: 'Those that were not, and why: `INSUFFICIENT_CREDITS`.',
    items: makeObject({ job: idSchema, code: text }),
  },
  next,
});
