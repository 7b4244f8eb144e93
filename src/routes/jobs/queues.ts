import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { idText, UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { JOB_QUEUES, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { jobTypes } from '../../services/job-types.ts';
import { type DeadLetters, findDeadLetters, redrive } from '../../services/jobs/dead-letters.ts';
import { viewQueues } from '../../services/jobs/overview.ts';
import { deadLettersSchema, queuesSchema, redrivenSchema } from './job-schemas.ts';

const common = { tag: 'Jobs', access: 'admin' } as const;
const MOST_SHOWN = 100;
const MOST_REDRIVEN = 200;

/** What administrators see of the queues of jobs, and what they may do about those that have failed. */
export const queueRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    path: '/v1/admin/queues',
    id: 'listQueues',
    summary: 'The queues of jobs: how many wait, run, and have ended in the last hour.',
    success: { 200: { description: 'All queues.', schema: queuesSchema } },
    handle: async (ctx) => ({ status: 200, json: { data: await viewQueues(ctx) } }),
  },
  {
    ...common,
    method: 'GET',
    path: '/v1/admin/queues/dead-letters',
    id: 'listDeadLetters',
    summary: 'The jobs of a queue that have failed for good, the latest first, at most 100.',
    query: [
      {
        name: 'queue',
        description: 'The queue.',
        schema: { type: 'string', enum: JOB_QUEUES, default: 'MEDIA' },
      },
      {
        name: 'before',
        description: 'Those that failed before: `next` of the answer before.',
        schema: { type: 'string', format: 'date-time' },
      },
      { name: 'type', description: 'Those of this job type.', schema: { type: 'string' } },
      {
        name: 'code',
        description: 'Those that failed with this code.',
        schema: { type: 'string' },
      },
    ],
    success: { 200: { description: 'They.', schema: deadLettersSchema } },
    handle: async (ctx, { query }) => {
      const queue = readQueue(query.get('queue') ?? 'MEDIA');
      const before = readDate(query.get('before'));
      const [type, code] = [query.get('type'), query.get('code')];
      const which = {
        queue,
        ...(before && { before }),
        ...(type && { type }),
        ...(code && { code }),
      };
      const { jobs, next } = await findDeadLetters(ctx, which, MOST_SHOWN);
      return { status: 200, json: { data: jobs.map(showDeadLetter), next } };
    },
  },
  {
    ...common,
    method: 'POST',
    path: '/v1/admin/queues/redrive',
    id: 'redriveJobs',
    summary: `Start failed jobs anew: those of a queue, the latest ${MOST_REDRIVEN} at most, or those that are named.`,
    body: Joi.object({
      queue: Joi.string().valid(...JOB_QUEUES),
      jobs: Joi.array().items(idSchema()).unique().min(1).max(MOST_REDRIVEN),
      type: limitText(64),
      code: limitText(64),
      before: Joi.string().isoDate(),
    }).or('queue', 'jobs'),
    example: { queue: 'RENDER', code: 'WORKER_LOST' },
    success: { 200: { description: 'What became of them.', schema: redrivenSchema } },
    handle: async (ctx, { body }) => ({
      status: 200,
      json: { ...(await redrive(ctx, jobTypes, readWhich(body), MOST_REDRIVEN)) },
    }),
  },
];

interface AskedLetters extends Omit<DeadLetters, 'before' | 'jobs'> {
  before?: string;
  jobs?: string[];
}

function readWhich({ before, jobs, ...which }: AskedLetters): DeadLetters {
  return {
    ...which,
    ...(before && { before: new Date(before) }),
    ...(jobs && { jobs: jobs.map((id) => new UUID(id)) }),
  };
}

function readQueue(text: string): JobQueue {
  const queue = JOB_QUEUES.find((one) => one === text.toUpperCase());
  if (queue) return queue;
  throw new AppError('INVALID_QUERY', `queue must be one of ${JOB_QUEUES.join(', ')}`);
}

function readDate(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new AppError('INVALID_QUERY', 'before must be a date');
  return date;
}

function showDeadLetter({ _id, user, type, attempts, error, completedAt }: JobDoc) {
  const owner = user ? idText(user) : null;
  return { id: idText(_id), user: owner, type, attempts, error: error ?? null, completedAt };
}
