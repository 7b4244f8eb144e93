import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { limitText } from '../../api/resource/input.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { invalid } from '../../errors.ts';
import { Job } from '../../models/jobs/job.ts';
import { owner } from '../../rules.ts';
import { cancel, retry, ringJobs } from '../../services/jobs/queue.ts';

/**
 * The job types that clients may start themselves; none yet, each comes with the service behind it.
 */
export const CLIENT_JOB_TYPES: readonly string[] = [];

const schema = documentSchema(Job);
const common = { method: 'POST', tag: 'Jobs', access: 'user' } as const;

/** Starting, cancelling and retrying jobs. */
export const jobActions: Route[] = [
  {
    ...common,
    path: '/v1/jobs',
    id: 'createJob',
    summary: 'Start a job of a type that clients may start.',
    body: Joi.object({
      type: limitText(64).required(),
      project: Joi.string().guid(),
      input: Joi.object().unknown().required(),
      priority: Joi.number().strict().integer().min(0).max(9),
    }),
    success: { 202: { description: 'Accepted.', schema } },
    handle: async (_ctx, { body }) => {
      const known = CLIENT_JOB_TYPES.join(', ') || 'none yet';
      throw invalid([
        { path: 'type', message: `clients may not start ${body.type}; they may start: ${known}` },
      ]);
    },
  },
  {
    ...common,
    path: '/v1/jobs/{id}/cancel',
    id: 'cancelJob',
    summary: 'Cancel a job that has not ended.',
    success: { 200: { description: 'The job.', schema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) =>
      answerDocument(200, Job, await cancel(ctx, filterById(owner, ctx, request))),
  },
  {
    ...common,
    path: '/v1/jobs/{id}/retry',
    id: 'retryJob',
    summary: 'Retry a failed or cancelled job.',
    success: { 202: { description: 'The job.', schema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const job = await retry(ctx, filterById(owner, ctx, request));
      await ringJobs(ctx, job._id);
      return answerDocument(202, Job, job);
    },
  },
];
